package Connext::Corpus;

# Bad requests, one row each: bytes on a raw socket, the documented status,
# nothing enqueued, the next good request served by the same worker of nginx.

use strict;
use warnings;

use Connext::Sample qw(delivery signature text_message);
use Exporter 'import';
use Test::More;

our @EXPORT_OK = qw(body request chunked run_rows);

my $n = 0;


# A good delivery of one text.
sub body {
    my (%m) = @_;

    $n++;
    return delivery(messages => [text_message(from => 16505551234,
                    id => "wamid.corpus$n", text => 'Hello', %m)]);
}


# The bytes of a request, signed unless headers say otherwise.  headers:
# lines; undef takes a default away.
sub request {
    my (%r) = @_;

    my $body = $r{body} // '';
    my $line = $r{line} // 'POST /hooks/wa-main HTTP/1.1';
    my %h = (
        'Host'                => 'localhost',
        'Connection'          => 'close',
        'Content-Length'      => length $body,
        'X-Hub-Signature-256' => signature($r{signed} // $body,
                                           $Connext::SECRET{app_secret}),
        %{$r{headers} || {}},
    );

    return "$line\r\n"
           . join('', map { my $k = $_;
                            map { "$k: $_\r\n" }
                            ref $h{$k} ? @{$h{$k}} : $h{$k} }
                      grep { defined $h{$_} } sort keys %h)
           . ($r{more} // '') . "\r\n" . ($r{wire} // $body);
}


sub chunked {
    my ($body, $size) = @_;

    return join('', map { sprintf("%x\r\n%s\r\n", length $_, $_) }
                    unpack "(a$size)*", $body) . "0\r\n\r\n";
}


# What came back, as a word: "401", "200 200", or "closed".
sub verdict {
    my ($answer) = @_;

    return join(' ', $answer =~ m{^HTTP/1\.[01] (\d{3}) }mg) || 'closed';
}


# Rows: [name, bytes or packets, expected, { stored, quarantined, seconds,
# fin, until }].
# expected: a verdict or alternatives in a regular expression.
sub run_rows {
    my ($cx, @rows) = @_;

    my ($stored, $quarantined) = ($cx->count('in') + $cx->count('st'),
                                  $cx->quarantined);

    for my $row (@rows) {
        my ($name, $packets, $want, $opt) = @$row;
        $opt ||= {};

        my $answer = $cx->http->raw($packets,
                                    seconds => $opt->{seconds} // 5,
                                    fin => $opt->{fin},
                                    until => $opt->{until});
        my $got = verdict($answer);
        my $right = ref $want ? $got =~ /^(?:$want)$/ : $got eq $want;
        my $good = $cx->say(from => 16505550001)->{status};

        $stored += 1 + ($opt->{stored} // 0);
        $quarantined += $opt->{quarantined} // 0;
        my $now = $cx->count('in') + $cx->count('st');
        my $q = $cx->quarantined;

        ok($right && $good == 200 && $now == $stored && $q == $quarantined,
           $name)
            || diag("answer $got, wanted $want; good one: $good; "
                    . "stored $now, wanted $stored; quarantined $q, wanted "
                    . $quarantined);
        ($stored, $quarantined) = ($now, $q);
    }
}


# The memory of nginx does not grow when all of it comes again and again.
# Under sanitizers freed memory is kept on purpose, and leaks are reported.
sub flat {
    my ($cx, $rounds, @rows) = @_;

    my @quick = grep { !ref $_->[1] && !($_->[3] || {})->{until} } @rows;
    my $round = sub {
        $cx->http->raw($_->[1], seconds => 1, fin => 1) for @quick;
    };

    $round->();
    my $before = $cx->rss;
    $round->() for 1 .. $rounds;
    my $after = $cx->rss;

    SKIP: {
        skip 'sanitizers keep memory', 1 if Connext::Process::slow() > 1;
        cmp_ok($after - $before, '<', 1024,
               "memory of nginx is flat: $before kB, $after kB");
    }
}


1;
