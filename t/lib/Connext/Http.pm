package Connext::Http;

# A small HTTP/1.1 client over TCP or a unix socket: keep-alive, raw bytes
# when a test wants them, many requests at once over many connections.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(time);


# port => N or unix => path; timeout in seconds.
sub new {
    my ($class, %arg) = @_;

    return bless { timeout => 10, %arg }, $class;
}


sub socket {
    my ($self) = @_;

    return defined $self->{unix}
        ? IO::Socket::UNIX->new(Peer => $self->{unix})
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                PeerPort => $self->{port});
}


sub head {
    my ($method, $path, $headers, $body) = @_;

    my %h = (Host => 'localhost', %{$headers || {}});
    $h{'Content-Length'} //= length $body if defined $body;
    return "$method $path HTTP/1.1\r\n"
           . join('', map { "$_: $h{$_}\r\n" } sort keys %h) . "\r\n";
}


# { status, headers, body }; status 0: no whole answer.  The connection is
# kept; one that the server closed meanwhile is opened again once.
sub request {
    my ($self, $method, $path, $headers, $body) = @_;

    my $bytes = head($method, $path, $headers, $body) . ($body // '');
    my $kept = defined $self->{sock};

    my $res = $self->exchange($bytes, $method eq 'HEAD');
    $res = $self->exchange($bytes, $method eq 'HEAD')
        if $kept && $res->{status} == 0 && !$res->{bytes};
    return $res;
}


sub exchange {
    my ($self, $bytes, $is_head) = @_;

    $self->{sock} ||= $self->socket or return { status => 0, bytes => 0 };
    my $sock = $self->{sock};

    local $SIG{PIPE} = 'IGNORE';
    if (!write_all($sock, $bytes)) {
        delete $self->{sock};
        return { status => 0, bytes => 0 };
    }

    my $res = read_response($sock, \my $in, $self->{timeout}, $is_head);
    delete $self->{sock} if $res->{status} == 0
        || ($res->{headers}{connection} // '') =~ /close/i;
    return $res;
}


sub write_all {
    my ($sock, $bytes) = @_;

    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $sock, $bytes, 65536, $at;
        return 0 unless $n;
        $at += $n;
    }

    return 1;
}


sub more {
    my ($sock, $in, $deadline) = @_;

    my $left = $deadline - time;
    return 0 if $left <= 0;
    vec(my $r = '', fileno $sock, 1) = 1;
    return 0 unless select($r, undef, undef, $left) > 0;
    return sysread $sock, $$in, 65536, length $$in;
}


# Takes one response off the front of $$in, reading as much as it needs.
sub read_response {
    my ($sock, $in, $timeout, $is_head) = @_;

    my $deadline = time + $timeout;
    my $end;
    $$in //= '';

    until (($end = index $$in, "\r\n\r\n") >= 0) {
        more($sock, $in, $deadline)
            or return { status => 0, bytes => length $$in, raw => $$in };
    }

    my ($line, @lines) = split /\r\n/, substr $$in, 0, $end;
    my ($status) = $line =~ m{^HTTP/1\.\d (\d{3})};
    my %h;
    for (@lines) {
        my ($k, $v) = split /:\s*/, $_, 2;
        $h{lc $k} = defined $h{lc $k} ? "$h{lc $k}, $v" : $v;
    }

    my $length = $h{'content-length'};
    my $chunked = ($h{'transfer-encoding'} // '') =~ /chunked/;
    substr($$in, 0, $end + 4) = '';

    if ($is_head || $status == 204 || $status == 304) {
        $length = 0;

    } elsif ($chunked) {
        until ($$in =~ /(?:\A|\r\n)0\r\n\r\n/) {
            more($sock, $in, $deadline)
                or return { status => 0, bytes => $end };
        }

        my $body = '';
        while ($$in =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
            my $n = hex $1;
            $body .= substr $$in, 0, $n;
            substr($$in, 0, $n + 2) = '';
            last if $n == 0;
        }
        return { status => $status, headers => \%h, body => $body,
                 line => $line };

    } elsif (!defined $length) {
        1 while more($sock, $in, $deadline);
        $length = length $$in;
    }

    while (length $$in < $length) {
        more($sock, $in, $deadline)
            or return { status => 0, bytes => $end };
    }

    my $body = substr $$in, 0, $length;
    substr($$in, 0, $length) = '';
    return { status => $status, headers => \%h, body => $body,
             line => $line };
}


# Raw bytes on a connection of its own: everything that comes back until the
# server closes or $seconds pass.  packets: [bytes, pause before] ...
sub raw {
    my ($self, $packets, %arg) = @_;

    my $sock = $self->socket or die "connect: $!\n";
    my $deadline = time + ($arg{seconds} // 5);
    my $in = '';

    local $SIG{PIPE} = 'IGNORE';
    for my $packet (ref $packets ? @$packets : ($packets)) {
        my ($bytes, $pause) = ref $packet ? @$packet : ($packet, 0);
        select undef, undef, undef, $pause if $pause;
        write_all($sock, $bytes) or last;
    }

    shutdown $sock, 1 if $arg{fin};
    1 while more($sock, \$in, $deadline)
            && !($arg{until} && $in =~ $arg{until});
    return $in;
}


1;
