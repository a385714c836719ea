# The media half of the Graph API: one process a connection.
# perl files.pl PORT STATE
#
#   /graph/a-b~7      names the URL of the file /a/b; anything posted to
#                     /graph is accepted
#   PUT /bucket/...   into STATE.s3, when it is signed as S3 wants it; GET
#                     gives it back
#   /bytes/N          N bytes of "x"            /png      a small picture
#   /to/PATH          redirects to PATH         /loop     to itself
#   /gone  404        /slow   half, then silence until it is asked again
#   /busy             503 at first              /voice   a voice message

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use IO::Socket::INET;

my ($port, $state) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64,
                                   LocalPort => $port, ReuseAddr => 1)
    or die "port $port: $!\n";
my $png = "\x89PNG\r\n\x1a\n" . "\0" x 1000;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';


sub answer {
    my ($c, $status, $body, @headers) = @_;

    print $c "HTTP/1.1 $status\r\nContent-Length: ", length $body, "\r\n",
          (map { "$_\r\n" } @headers), "Connection: close\r\n\r\n", $body;
}


# As S3 wants it: signed by AWS Signature Version 4, whose canonical request is
# made here from what came over the wire.
sub is_signed {
    my ($method, $path, $h, $hash) = @_;

    my ($scope, $names, $sent) = ($h->{authorization} // '') =~
        m{^AWS4-HMAC-SHA256 Credential=key-id/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$}
        or return 0;
    my $request = join "\n", $method, $path, '',
        (map { "$_:" . ($h->{$_} // '') } split /;/, $names), '', $names,
        $hash;
    my $string = join "\n", 'AWS4-HMAC-SHA256', $h->{'x-amz-date'}, $scope,
                      sha256_hex($request);
    my $key = 'AWS4s3-secret';
    $key = hmac_sha256($_, $key) for split m{/}, $scope;

    return $sent eq hmac_sha256_hex($string, $key);
}


sub stored {
    my ($c, $path, $h, $body) = @_;

    my $hash = sha256_hex($body);

    return answer($c, '403 Forbidden', 'SignatureDoesNotMatch')
        if !is_signed('PUT', $path, $h, $hash)
           || $h->{'x-amz-content-sha256'} ne $hash;
    open my $fh, '>:raw', "$state.s3" or die;
    print $fh $body;
    close $fh;
    answer($c, '200 OK', '');
}


# What was stored last.
sub fetched {
    my ($c, $path, $h) = @_;

    return answer($c, '403 Forbidden', 'SignatureDoesNotMatch')
        if !is_signed('GET', $path, $h,
                      $h->{'x-amz-content-sha256'} // sha256_hex(''));
    open my $fh, '<:raw', "$state.s3" or die;
    local $/;
    answer($c, '200 OK', <$fh>);
}


# True when this is the first time.
sub first {
    my ($what) = @_;

    return 0 if -e "$state.$what";
    open my $fh, '>', "$state.$what" or die;
    return 1;
}


while (my $c = $server->accept) {
    next if fork;

    my ($method, $line) = (<$c> // '') =~ m{^(\w+) (\S+)};
    my %h;
    while (my $h = <$c>) {
        last if $h =~ /^\r?\n/;
        $h{lc $1} = $2 if $h =~ /^([\w-]+): (.*?)\r?$/;
    }
    my $auth = $h{authorization} // '';

    if ($method eq 'PUT') {
        read $c, my $body, $h{'content-length'};
        stored($c, $line, \%h, $body);
        exit 0;
    }

    if ($line =~ m{^/bucket/}) {
        fetched($c, $line, \%h);
        exit 0;
    }

    if ($line =~ m{^/graph/([\w-]+)~\d+\?}) {
        my $path = $1 =~ tr{-}{/}r;
        answer($c, '200 OK', qq({"url":"http://127.0.0.1:$port/$path"}));

    } elsif ($line =~ m{^/graph}) {
        answer($c, '200 OK', '{"messages":[{"id":"wamid.out"}]}');

    } elsif ($auth ne 'Bearer canary-access-token-0282e2fdc7f1f8b2c1d0') {
        answer($c, '401 Unauthorized', 'who are you?');

    } elsif ($line =~ m{^/bytes/(\d+)}) {
        answer($c, '200 OK', 'x' x $1);

    } elsif ($line =~ m{^/to(/.*)}) {
        answer($c, '302 Found', 'moved', "Location: $1");

    } elsif ($line =~ m{^/loop}) {
        answer($c, '302 Found', '', "Location: /loop");

    } elsif ($line =~ m{^/gone}) {
        answer($c, '404 Not Found', 'no');

    } elsif ($line =~ m{^/voice}) {
        answer($c, '200 OK', 'OggS' . "\0" x 500);

    } elsif ($line =~ m{^/busy} && first('busy')) {
        answer($c, '503 Busy', 'later');

    } elsif ($line =~ m{^/slow} && first('slow')) {
        print $c "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf";
        $c->flush;
        sleep 60;

    } else {
        answer($c, '200 OK', $png);
    }

    close $c;
    exit 0;
}
