# functions.pl <port> <log>: a business's own server, whose functions a model
# may call.  Each request is a line of JSON in the log.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;

my ($port, $log) = @ARGV;
my $json = JSON::PP->new->canonical;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                   LocalPort => $port, Listen => 16,
                                   ReuseAddr => 1) or die "listen: $!\n";
open my $out, '>>', $log or die "$log: $!\n";
$out->autoflush(1);
$SIG{CHLD} = 'IGNORE';


sub read_request {
    my ($c) = @_;

    my $text = '';
    while ($text !~ /\r\n\r\n/) {
        sysread($c, $text, 8192, length $text) or return;
    }

    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($first, @lines) = split /\r\n/, $head;
    my ($method, $path, $query) = $first =~ m{^(\S+) ([^ ?]+)(?:\?(\S*))?};
    my %headers = map { /^([^:]+):\s*(.*)/ ? (lc $1, $2) : () } @lines;
    while (length $body < ($headers{'content-length'} // 0)) {
        sysread($c, $body, 8192, length $body) or return;
    }

    return { method => $method, path => $path, query => $query // '',
             headers => \%headers, body => $body };
}


my %does = (
    '/rooms'    => [200, '{"free":["sea view","garden"]}'],
    '/text'     => [200, "two\nlines \x00 of text"],
    '/empty'    => [204, ''],
    '/large'    => [200, '"' . 'x' x 40000 . '"'],
    '/endless'  => [200, 'y' x 1_000_000],
    '/taken'    => [409, "the room is taken\nby somebody"],
    '/broken'   => [500, ''],
    '/away'     => [302, '', "Location: /rooms\r\n"],
);


while (1) {
    my $c = $server->accept or next;
    my $pid = fork // die "fork: $!\n";
    if ($pid) {
        close $c;
        next;
    }

    my $r = read_request($c) or exit 0;
    print $out $json->encode($r) . "\n";
    if ($r->{path} eq '/slow') {
        1 while sysread $c, my $rest, 1;        # until they hang up
        exit 0;
    }

    my ($status, $body, $more) = @{$does{$r->{path}} // [404, 'no such']};
    syswrite $c, "HTTP/1.1 $status x\r\nContent-Length: " . length($body)
                 . "\r\nConnection: close\r\n" . ($more // '') . "\r\n$body";
    exit 0;
}
