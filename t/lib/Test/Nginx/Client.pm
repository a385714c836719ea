package Test::Nginx::Client;

# What a block sends and what it gets back: sections to packets, packets over
# a socket, bytes to responses.  No assertions here.

use strict;
use warnings;

use IO::Socket::INET;
use Time::HiRes qw(sleep time);

our $TIMEOUT = $ENV{TEST_NGINX_TIMEOUT} || 3;


# A list of connections; each is { packets => [[bytes, delay], ...],
# responses => N, head => bool }.
sub connections {
    my ($block, $port) = @_;

    my $middle = $block->raw_request_middle_delay || 0;

    if (defined(my $raw = $block->raw_request)) {
        my @parts = ref $raw eq 'ARRAY' ? @$raw : ($raw);
        my $first = 1;

        return { packets => [map { [$_, $first-- > 0 ? 0 : $middle] } @parts],
                 responses => 1, head => scalar($parts[0] =~ /^HEAD /) };
    }

    my @headers = header_sets($block);

    if (defined(my $list = $block->pipelined_requests)) {
        die "pipelined_requests: want an array\n" unless ref $list eq 'ARRAY';

        my ($bytes, $i) = ('', 0);
        for my $text (@$list) {
            my $last = $i == $#$list;
            $bytes .= join '', map { $_->[0] }
                packets($text, $headers[$i] // $headers[-1], $last);
            $i++;
        }

        return { packets => [[$bytes, 0]], responses => scalar @$list };
    }

    my $request = $block->request;
    die "no request, raw_request or pipelined_requests\n"
        unless defined $request;

    my @list = ref $request eq 'ARRAY' ? @$request : ($request);
    my $i = 0;

    return map {
        my @packets = packets($_, $headers[$i] // $headers[-1], 1);
        $i++;
        { packets => \@packets, responses => 1,
          head => scalar($packets[0][0] =~ /^HEAD /) };
    } @list;
}


sub header_sets {
    my ($block) = @_;

    my $more = $block->more_headers;
    return ('') unless defined $more;

    return map {
        join '', map { "$_\r\n" } grep { !/^\s*#/ && length }
                 split /\r?\n/, $_;
    } ref $more eq 'ARRAY' ? @$more : ($more);
}


# One request, in one or several packets.
sub packets {
    my ($text, $more, $close) = @_;

    my @parts = map { ref $_ eq 'HASH' ? $_ : { value => $_ } }
                ref $text eq 'ARRAY' ? @$text : ($text);
    my $first = $parts[0]{value};

    # Leading blank lines and comments are dropped.
    1 while $first =~ s/^(?:[ \t]*\r?\n|#[^\n]*\n)//;

    my ($line, $body) = split /\r?\n/, $first, 2;
    $body = '' unless defined $body;

    my @word = split ' ', $line;
    $word[1] = '/' unless defined $word[1];
    $word[2] = 'HTTP/1.1' unless defined $word[2];

    if (@parts == 1) {
        $body =~ s/\A\s+|\s+\z//g;
    }

    my $length = length $body;
    $length += length $_->{value} for @parts[1 .. $#parts];

    my $head = "$word[0] $word[1] $word[2]\r\n";
    $head .= "Host: localhost\r\n" unless $more =~ /^Host\s*:/mi;
    $head .= 'Connection: ' . ($close ? 'close' : 'keep-alive') . "\r\n"
        unless $more =~ /^Connection\s*:/mi;
    $head .= $more;
    $head .= "Content-Length: $length\r\n"
        if $length > 0 && $more !~ /^(?:Content-Length|Transfer-Encoding)\s*:/mi;
    $head .= "\r\n";

    my @out = ([$head . $body, $parts[0]{delay_before} || 0]);
    push @out, [$_->{value}, $_->{delay_before} || 0]
        for @parts[1 .. $#parts];

    return @out;
}


sub connect_to {
    my ($port) = @_;

    my $deadline = time + $TIMEOUT;
    while (1) {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                         PeerPort => $port);
        return $sock if $sock;
        die "cannot connect to port $port: $!\n" if time > $deadline;
        sleep 0.01;
    }
}


# Sends the packets; returns the bytes of the answer and whether time ran out.
sub talk {
    my ($conn, $port, $timeout, $shutdown) = @_;

    my $sock = connect_to($port);
    my $answer = '';
    my $deadline = time + $timeout;
    my @packets = @{$conn->{packets}};

    local $SIG{PIPE} = 'IGNORE';
    $sock->blocking(0);

    while (@packets) {
        my ($bytes, $delay) = @{shift @packets};
        sleep $delay if $delay;
        $deadline = time + $timeout;
        write_all($sock, $bytes, \$answer, $deadline) or last;
    }

    shutdown($sock, $shutdown) if defined $shutdown;

    while (1) {
        my $left = $deadline - time;
        return ($answer, 1) if $left <= 0 || !readable($sock, $left);

        my $n = sysread $sock, $answer, 65536, length $answer;
        last if defined $n && $n == 0;
        last if !defined $n && !$!{EAGAIN};
    }

    return ($answer, 0);
}


sub readable {
    my ($sock, $left) = @_;

    vec(my $r = '', fileno $sock, 1) = 1;
    return select($r, undef, undef, $left) > 0;
}


# Reads on the way, so that neither side waits for the other for ever.
sub write_all {
    my ($sock, $bytes, $answer, $deadline) = @_;

    my $at = 0;
    while ($at < length $bytes) {
        vec(my $w = '', fileno $sock, 1) = 1;
        my $r = $w;
        return 0 if time > $deadline;
        next unless select($r, $w, undef, 0.5) > 0;

        if (vec $r, fileno $sock, 1) {
            my $n = sysread $sock, $$answer, 65536, length $$answer;
            return 0 if defined $n ? $n == 0 : !$!{EAGAIN};
        }

        if (vec $w, fileno $sock, 1) {
            my $n = syswrite $sock, $bytes, 65536, $at;
            return 0 if !defined $n && !$!{EAGAIN};
            $at += $n || 0;
        }
    }

    return 1;
}


# (response, rest): { status, headers => [[name, value], ...], raw, body }.
sub response {
    my ($bytes, $head_only) = @_;

    # HTTP/0.9 has a body and nothing else.
    if ($bytes !~ m{\AHTTP/\d\.\d }) {
        return ({ status => length $bytes ? 200 : undef, headers => [],
                  raw => '', body => $bytes, http09 => 1 }, '');
    }

    my $end = index $bytes, "\r\n\r\n";
    return (undef, '') if $end < 0;

    my $raw = substr $bytes, 0, $end + 2;
    my $rest = substr $bytes, $end + 4;
    my ($line, @lines) = split /\r\n/, $raw;
    my ($status) = $line =~ /^\S+ (\d{3})/;

    if ($status == 100) {
        return response($rest, $head_only);
    }

    my $r = { status => $status, raw => "$raw\r\n", body => '',
              headers => [map { [split /\s*:\s*/, $_, 2] } @lines] };

    if ($head_only || $status == 101 || $status == 204 || $status == 304) {
        return ($r, $rest);
    }

    if (lc(value($r, 'Transfer-Encoding') // '') eq 'chunked') {
        return dechunk($r, $rest);
    }

    my $length = value($r, 'Content-Length');
    $length = length $rest unless defined $length;
    $r->{body} = substr $rest, 0, $length;
    $r->{short} = length $r->{body} < $length;
    return ($r, length $rest > $length ? substr($rest, $length) : '');
}


sub dechunk {
    my ($r, $rest) = @_;

    while ($rest =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $size = hex $1;

        if (length $rest < $size + 2) {
            $r->{short} = 1;
            return ($r, '');
        }

        $r->{body} .= substr $rest, 0, $size;
        substr($rest, 0, $size + 2) = '';
        return ($r, $rest) if $size == 0;
    }

    $r->{short} = 1;
    return ($r, $rest);
}


# All values of a header, joined; undef: absent.
sub value {
    my ($r, $name) = @_;

    my @v = map { $_->[1] // '' } grep { lc $_->[0] eq lc $name }
            @{$r->{headers}};
    return @v ? join(', ', @v) : undef;
}


1;
