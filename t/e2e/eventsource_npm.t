# npm's EventSource follows a visitor's stream through reloads and restarts of
# nginx: no id is missing, none comes twice.  The library is installed into
# the build folder, at the versions of t/npm/eventsource/package-lock.json.

use strict;
use warnings;

use Connext;
use Connext::Npm qw(npm_install);
use Connext::Process qw(write_file);
use Cwd qw(abs_path);
use IO::Select;
use IPC::Open2 qw(open2);
use JSON::PP;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $from = abs_path('t/npm/eventsource');
my $home = npm_install('eventsource');
my $PAGE = 'https://shop.example.com';


# --- the installation --------------------------------------------------------

my $cx = Connext->new(nginx => 2);
write_file($cx->path('site_secret'), "canary-site-secret-0123456789\n", 0600);
my $dir = $cx->dir;
$cx->{http} = <<"_END";
    connext_channel site {
        type          webchat;
        secret_file   $dir/site_secret;
        allow_origin  $PAGE;
    }
_END
$cx->{location} = <<"_END";
        location /chat/site/ {
            connext_chat site;
            connext_pass unix:$dir/redis.sock;
        }
_END
$cx->start(qw(redis nginx worker));

my $edge = $cx->http;


sub ask {
    my ($method, $path, $what, %headers) = @_;

    my $res = $edge->request($method, "/chat/site/$path",
        { Origin => $PAGE, 'Content-Type' => 'application/json', %headers },
        defined $what ? $json->encode($what) : '');
    die "$path: $res->{status}\n" if $res->{status} != 200;
    return $json->decode($res->{body});
}


# A question and its answer: the worker then has told Redis the function that
# pushes.
$cx->api('POST', '/api/v1/agents', { name => 'desk', provider => 'knowledge',
                                     threshold => 0.3, handoff => 'Later.' });
$cx->knowledge('desk', 'faq.csv', $Connext::FAQ);
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });

my $session = ask('POST', 'session', {});
my %bearer = (Authorization => "Bearer $session->{token}");

# --- the client --------------------------------------------------------------

chdir $home or die "$home: $!";
my $pid = open2(my $said, my $control, 'node', "$from/follow.js",
                "http://127.0.0.1:$cx->{port}/chat/site/stream",
                $session->{token});
chdir "$from/../../.." or die $!;

my (@got, $buffer);
my $select = IO::Select->new($said);


sub listen_for {
    my ($seconds, $enough) = @_;

    my $end = time + $seconds;
    while (!$enough->() && time < $end) {
        next unless $select->can_read(0.2);
        sysread($said, $buffer, 65536, length($buffer // '')) or last;
        push @got, $json->decode($1) while $buffer =~ s/^(.*)\n//;
    }

    return $enough->();
}


sub messages {
    return grep { $_->{is} eq 'message' } @got;
}


ok(listen_for(20, sub { scalar grep { $_->{is} eq 'open' } @got }),
   'the stream is open');
ask('POST', 'messages', { id => 'q-1', text => 'When is check-out?' },
    %bearer);
ok(listen_for(20, sub { messages() >= 1 }), 'the answer comes');
like((messages())[0]{data}{text}, qr/11:00/, 'the right one');

# --- through restarts --------------------------------------------------------

my ($stream) = @{$cx->redis('KEYS', 'cx:{*}:push')};
my ($tag) = $stream =~ /\{(.*)\}/;
my $n = 0;


sub publish {
    my ($count) = @_;

    for (1 .. $count) {
        $n++;
        $cx->redis('FCALL', 'cx_push2', 1, $stream, "cx:push:$tag",
                   "ms_test$n", 'message', $json->encode({ n => $n }), '');
    }
}


sub opened {
    return scalar grep { $_->{is} eq 'open' } @got;
}


my $opened = opened();
publish(10);
ok(listen_for(10, sub { messages() >= 11 }), 'ten more events');

for my $how (qw(reload restart kill reload restart)) {
    publish(5);
    if ($how eq 'reload') {
        $cx->signal('nginx', 'HUP');

    } elsif ($how eq 'kill') {
        kill 'KILL', $cx->nginx_workers;

    } else {
        $cx->stop('nginx');
        publish(5);
        $cx->start('nginx');
    }

    publish(5);
    my $before = $opened;
    ok(listen_for(20, sub { opened() > $before }), "$how: it comes back");
    $opened = opened();
    publish(5);
    my $expected = $n + 1;
    listen_for(20, sub { messages() >= $expected });
    is(scalar messages(), $expected, "$how: $n events");
}

is_deeply([map { $_->{data}{n} } grep { exists $_->{data}{n} } messages()],
          [1 .. $n], 'all of them, in order, once');

my @ids = map { $_->{id} } messages();
my %seen;
is_deeply([grep { $seen{$_}++ } @ids], [], 'no id twice');
# What the visitor said is there, too, for a page that is loaded anew.
is_deeply(\@ids, [map { $_->[0] } grep { !grep { $_ eq 'said' } @{$_->[1]} }
                  @{$cx->redis('XRANGE', $stream, '-', '+')}],
          'the ids of the stream');
is_deeply([grep { $_->{is} eq 'reset' } @got], [], 'nothing was too old');
is_deeply([grep { $_->{closed} } @got], [], 'it never gave up');

close $control;
waitpid $pid, 0;
is($?, 0, 'the client ends');

# The master says of its workers that they were killed.
$cx->finish(allow => qr/exited on signal 9/);
done_testing();
