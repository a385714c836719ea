# Nothing but what each provider's scheme proves gets in, on real nginx: every
# byte of a body, every character of a header.  Where a scheme does not cover
# all of the body, what changes there brings nothing new.

use strict;
use warnings;

use Connext;
use Connext::Email qw(email account simulate @PROVIDERS);
use IO::Socket::INET;
use Test::More;

my $cx = email()->start(qw(redis nginx));


# What connextctl would post: caught by a server of ours.
sub caught {
    my ($type) = @_;

    my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "listen: $!\n";
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        Connext::Process::forget($pid);
        my $port = $server->sockport;
        close $server;
        my ($rc) = simulate($cx, $type, '--edge', "http://127.0.0.1:$port",
                            '--from', "m-$type\@example.com", '--text',
                            'Mutate me');
        POSIX::_exit(0);
    }

    my $sock = $server->accept;
    my $in = '';
    until ($in =~ /\r\n\r\n/) {
        sysread $sock, $in, 65536, length $in or last;
    }
    my ($head, $body) = $in =~ /^(.*?)\r\n\r\n(.*)$/s;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    while (length $body < $length) {
        sysread $sock, $body, 65536, length $body or last;
    }
    print $sock "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    close $sock;
    waitpid $pid, 0;

    my %headers = $head =~ /^([^:\r\n]+): (.*?)\r?$/mg;
    delete @headers{qw(Host Content-Length User-Agent Accept Expect)};
    return ($body, \%headers);
}


my $client = $cx->http;

sub try {
    my ($type, $body, $headers) = @_;

    return $client->request('POST', "/hooks/em-$type", $headers,
                            $body)->{status};
}


# Characters that change what a header says; those that only end it do not
# belong here.
sub other {
    my ($c) = @_;

    return grep { /[A-Za-z0-9+\/=:.\-]/ && $_ ne $c }
           map { chr(ord($c) ^ $_) } 1, 2, 4, 8, 16, 32;
}


# type => whether all of the body is covered.
my %covered = (sendgrid => 1, mailgun => 0, ses => 0, postmark => 0);

for my $type (@PROVIDERS) {
    my ($body, $headers) = caught($type);
    my $before = $cx->count('in');

    is(try($type, $body, $headers), 200, "$type: as it was signed: 200");
    is($cx->count('in'), $before + 1, '... and in the stream');
    $before++;

    # Credentials cover nothing at all of what comes with them.
    my ($n, %status) = (0);
    for my $i ($type eq 'postmark' ? () : 0 .. length($body) - 1) {
        my $b = $body;
        substr($b, $i, 1) ^= "\x01";
        $status{try($type, $b, $headers)}++;
        $n++;
    }

    if ($covered{$type}) {
        is_deeply(\%status, { 401 => $n }, "$type: $n mutated bytes: 401");

    } elsif ($n > 0) {
        is(($status{401} // 0) + ($status{200} // 0), $n,
           "$type: $n mutated bytes: $status{401} times 401, else 200");
        cmp_ok($status{401}, '>', 100, '... what is covered is refused');
    }

    ($n, %status) = (0);
    for my $name (grep { !/^content-type$/i } sort keys %$headers) {
        my $value = $headers->{$name};
        my $from = $name =~ /^authorization$/i ? length 'Basic ' : 0;

        for my $i ($from .. length($value) - 1) {
            for my $c (other(substr $value, $i, 1)) {
                my $v = $value;
                substr($v, $i, 1) = $c;
                $status{try($type, $body, { %$headers, $name => $v })}++;
                $n++;
            }
        }

        my %without = %$headers;
        delete $without{$name};
        $status{try($type, $body, \%without)}++;
        $n++;
    }

    is_deeply(\%status, $n ? { 401 => $n } : {},
              "$type: $n mutated headers: 401");
    is($cx->count('in'), $before, "$type: the stream is as it was");
}

is($cx->count('st'), 0, 'no status came of it');

# A token of Mailgun's that is used: another mail with it is answered 200,
# as a repeat would be, and is not in any stream.
my ($body, $headers) = caught('mailgun');
my $before = $cx->count('in');
is(try('mailgun', $body, $headers), 200, 'a token');
my $evil = $body =~ s/m-mailgun/evil/gr =~ s/Mutate/Forged/r
                 =~ s/(Message-Id=)[^&]+/${1}%3Cnew%40evil%3E/r;
isnt($evil, $body, 'another mail with it');
is(try('mailgun', $evil, $headers), 200, '... is a duplicate');
is($cx->count('in'), $before + 1, '... and nowhere');

$cx->finish;
done_testing();
