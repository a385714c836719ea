# Twilio's own library for Node has the last word: it accepts what connextctl
# and the double sign, our edge accepts what it signs, and what it rejects we
# reject.  The library is installed into the build folder, at the versions of
# t/npm/twilio/package-lock.json.

use strict;
use warnings;

use Connext;
use Connext::Npm qw(npm_install);
use Connext::Process qw(write_file);
use Connext::Twilio qw(form inbound twilio $ACCOUNT_SID $SMS $TOKEN
                       $WHATSAPP);
use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use IPC::Open2 qw(open2);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $from = abs_path('t/npm/twilio');
my $home = npm_install('twilio');


# --- the library -------------------------------------------------------------

chdir $home or die "$home: $!";
my $pid = open2(my $answers, my $questions, 'node', "$from/check.js");
chdir "$from/../../.." or die $!;


sub library {
    my (%q) = @_;

    print $questions $json->encode({ token => $TOKEN, %q }), "\n";
    $questions->flush;
    my $line = <$answers> // die "the library is gone\n";
    return $json->decode($line)->{answer};
}


sub accepts { return library(do => 'check', @_) ? 1 : 0 }


# --- what we sign ------------------------------------------------------------

# A server that keeps the requests it gets.
my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
    or die "listen: $!";
my $catch = 'http://127.0.0.1:' . $listen->sockport;


sub caught {
    my $s = $listen->accept or die "accept: $!";
    my ($head, $byte, $body) = ('', '', '');

    while ($head !~ /\r\n\r\n\z/) {
        sysread($s, $byte, 1) or die "no request\n";
        $head .= $byte;
    }

    my ($length) = $head =~ /^Content-Length: *(\d+)/mi;
    while (length $body < $length) {
        sysread($s, $body, $length - length $body, length $body)
            or die "cut\n";
    }

    syswrite $s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                 . "Connection: close\r\n\r\n";
    my ($target) = $head =~ /^POST (\S+)/;
    my ($signature) = $head =~ /^X-Twilio-Signature: *(\S+)/mi;
    return { target => $target, body => $body, signature => $signature };
}


sub run_apart {
    my (@argv) = @_;

    my $child = fork() // die "fork: $!";
    if (!$child) {
        open STDOUT, '>', '/dev/null';
        exec { $argv[0] } @argv or exit 127;
    }

    return $child;
}


my $cx = twilio()->start(qw(redis nginx));
my $secret = $cx->path('auth_token');
my $ctl = "$Connext::BUILD/connextctl";
my @ask = ($ctl, 'simulate', 'twilio', '--edge', $catch, '--channel', 'x',
           '--secret-file', $secret);

open my $list, '-|', $ctl, 'simulate', 'twilio', '--list' or die $!;
chomp(my @types = <$list>);

my @variants = map { ['--type', $_, '--account', $WHATSAPP] } @types;
push @variants,
    ['--text', "50% & more\r\n Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80 ",
     '--account', $SMS],
    ['--status', 'delivered', '--of', 'SM1', '--tag', 'cx1.ms_1.1',
     '--account', $SMS],
    ['--status', 'failed', '--of', 'SM1', '--account', $SMS],
    ['--account', $SMS, '--public-url', 'https://gw.example.com'],
    ['--account', $SMS, '--public-url', 'https://gw.example.com:8443/in'];

for my $v (@variants) {
    my $child = run_apart(@ask, @$v);
    my $r = caught();
    waitpid $child, 0;

    my ($base) = map { $v->[$_ + 1] }
                 grep { $v->[$_] eq '--public-url' } 0 .. $#$v;
    my $url = !defined $base ? "$catch$r->{target}"
              : $base =~ m{://[^/]+/} ? $base : "$base$r->{target}";

    ok(accepts(url => $url, form => $r->{body},
               signature => $r->{signature}), "connextctl @$v[0 .. 1]");
    ok(!accepts(url => $url, form => "$r->{body}&A=1",
                signature => $r->{signature}), '... and nothing else');
}

# Event Streams: the body by its hash.
write_file($cx->path('events'), '[{"type":"x","id":"1"}]');
my $child = run_apart(@ask, '--file', $cx->path('events'), '--account', $SMS);
my $r = caught();
waitpid $child, 0;
ok(accepts(url => "$catch$r->{target}", body => $r->{body},
           signature => $r->{signature}), 'connextctl, a JSON body');
ok(!accepts(url => "$catch$r->{target}", body => "$r->{body} ",
            signature => $r->{signature}), '... and no other body');

# The double's callbacks.
$cx->launch('double', ["$Connext::BUILD/double", '--port', $cx->{double_port},
                       '--hook', "$catch/unused", '--hook-secret-file',
                       $secret, '--statuses', 'delivered']);
my $double = Connext::Http->new(port => $cx->{double_port});
$cx->ready('double', sub { $double->socket });
my $sent = $double->request('POST',
    "/2010-04-01/Accounts/$ACCOUNT_SID/Messages.json",
    { Authorization => 'Basic ' . encode_base64("$ACCOUNT_SID:$TOKEN", '') },
    form(To => '+1650', From => $SMS, Body => 'Hi',
         StatusCallback => "$catch/hooks/tw?cx=cx1.ms_1.1"));
is($sent->{status}, 201, 'a send');
$r = caught();
is($r->{target}, '/hooks/tw?cx=cx1.ms_1.1', 'its callback comes');
ok(accepts(url => "$catch$r->{target}", form => $r->{body},
           signature => $r->{signature}), 'signed as Twilio does');

# --- what the library signs, and what it rejects -----------------------------

sub edge {
    my (%d) = @_;

    my $res = $cx->http->request('POST', $d{target}, {
        'Content-Type' => defined $d{form}
                          ? 'application/x-www-form-urlencoded'
                          : 'application/json',
        'X-Twilio-Signature' => $d{signature} }, $d{form} // $d{body});
    return $res->{status};
}


my $target = '/hooks/tw-main';
my $base = "http://127.0.0.1:$cx->{port}";
my $n = 0;


# Both judge a request that was signed for another URL or body, or not.
sub both {
    my ($name, $expect, %d) = @_;

    my $is = { edge => edge(%d) == 200 ? 1 : 0,
               library => accepts(url => $base . $d{target},
                                  signature => $d{signature},
                                  defined $d{form} ? (form => $d{form})
                                                   : (body => $d{body})) };
    is_deeply($is, { edge => $expect, library => $expect }, $name);
}


for my $form (
    inbound(from => '+1650', text => 'Hello'),
    inbound(from => '+1650', text => " Hi + 50% & more\r\nline2 "),
    inbound(from => 'whatsapp:+1650', to => $WHATSAPP,
            text => "Ana Zo\xc3\xab \xf0\x9f\x98\x80", ButtonPayload => ''),
    inbound(from => '+1650', text => '') . '&Digits=5678&Digits=1234'
        . '&Digits=1234',
    inbound(from => '+1650') . '&b=1&B=2&a_=3&aA=4',
) {
    $n++;
    for my $query ('', '?cx=cx1.ms_1.1', '?tenant=7&sig=a%2Fb') {
        my $url = "$base$target$query";
        my $signature = library(do => 'sign', url => $url, form => $form);

        both("form $n, query \"$query\"", 1, target => "$target$query",
             form => $form, signature => $signature);
        both('... with a parameter more', 0, target => "$target$query",
             form => "$form&Z=1", signature => $signature);
        both('... with another byte', 0, target => "$target$query",
             form => $form =~ s/From=/Frpm=/r, signature => $signature);
        both('... to another URL', 0, target => "$target?x=1",
             form => $form, signature => $signature);
        both('... with another token', 0, target => "$target$query",
             form => $form, signature => library(do => 'sign', url => $url,
             form => $form, token => 'another'));
        both('... lower case', 0, target => "$target$query", form => $form,
             signature => lc $signature);
    }
}

# With and without the port.
for my $port ('', ":$cx->{port}") {
    my $form = inbound(from => '+1650');
    both("signed for 127.0.0.1$port", 1, target => $target, form => $form,
         signature => library(do => 'sign',
                              url => "http://127.0.0.1$port$target",
                              form => $form));
}

for my $body ('[]', '[{"type":"com.twilio.x","id":"NO1","data":{}}]') {
    my $hash = library(do => 'hash', body => $body);
    my $url = "$target?bodySHA256=$hash";
    my $signature = library(do => 'sign', url => "$base$url");

    both("JSON $body", 1, target => $url, body => $body,
         signature => $signature);
    both('... another body', 0, target => $url, body => "$body ",
         signature => $signature);
    both('... without its hash', 0, target => $target, body => $body,
         signature => library(do => 'sign', url => "$base$target"));
    both('... with another hash', 0, body => $body,
         target => "$target?bodySHA256=" . sha256_hex('x'),
         signature => $signature);
}

close $questions;
waitpid $pid, 0;
is($?, 0, 'the library ends');

$cx->finish;
done_testing();
