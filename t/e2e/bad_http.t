# Bad HTTP: rows H of the corpus.

use strict;
use warnings;

use Connext;
use Connext::Corpus qw(body request chunked run_rows);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx));
my $b = body();
my $gz = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35"
         . "\x03\0\0\0";
my $length = length $b;
my ($ext, $lf) = (body(), body());

my @rows = (
    ['H01 content-length and chunked',
     request(body => $b, headers => { 'Transfer-Encoding' => 'chunked' }),
     '400'],
    ['H02 two equal content-lengths',
     request(body => $b, headers => { 'Content-Length' =>
                                      [$length, $length] }), '400'],
    ['H03 two different content-lengths',
     request(body => $b, headers => { 'Content-Length' => [$length, 2] }),
     '400'],
    ['H04 content-length -1',
     request(body => $b, headers => { 'Content-Length' => '-1' }), '400'],
    ['H05 content-length +2',
     request(body => $b, headers => { 'Content-Length' => '+2' }), '400'],
    ['H06 content-length 0x2',
     request(body => $b, headers => { 'Content-Length' => '0x2' }), '400'],
    ['H07 content-length "2, 2"',
     request(body => $b, headers => { 'Content-Length' => '2, 2' }), '400'],
    ['H08 content-length of 23 digits',
     request(body => $b, headers => { 'Content-Length' => '1' x 23 }), '400'],
    ['H09 content-length over the limit',
     request(headers => { 'Content-Length' => 9_000_000 }), '413',
     { until => qr/\r\n\r\n/ }],
    ['H10 over the limit with Expect',
     request(headers => { 'Content-Length' => 9_000_000,
                          'Expect' => '100-continue' }), '413',
     { until => qr/\r\n\r\n/ }],
    ['H11 an unknown expectation',
     request(body => $b, headers => { 'Expect' => '200-ok' }), '400'],
    ['H12 chunked, signed',
     request(body => body(), headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'chunked' }, wire => 'X'), '200',
     { stored => 1 }],
    ['H13 chunked over the limit',
     request(headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'chunked' },
             wire => chunked('a' x 5_000_000, 65536)), qr/413|closed/],
    ['H14 chunk size of 17 F',
     request(headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'chunked' },
             wire => "FFFFFFFFFFFFFFFFF\r\nab\r\n0\r\n\r\n"), '400'],
    ['H15 chunk size -2',
     request(headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'chunked' },
             wire => "-2\r\nab\r\n0\r\n\r\n"), '400'],
    ['H16 chunk extension', request(body => $ext, headers => {
     'Content-Length' => undef, 'Transfer-Encoding' => 'chunked' },
     wire => sprintf("%x;a=b\r\n%s\r\n0\r\n\r\n", length $ext, $ext)),
     '200', { stored => 1 }],
    ['H17 chunk extension of 1 MB', request(headers => {
     'Content-Length' => undef, 'Transfer-Encoding' => 'chunked' },
     wire => '2;' . 'a' x 1_000_000 . "\r\nab\r\n0\r\n\r\n"),
     qr/40[01]|413|closed/],
    ['H18 signature in a trailer',
     request(body => $b, headers => { 'Content-Length' => undef,
             'X-Hub-Signature-256' => undef,
             'Transfer-Encoding' => 'chunked' },
             wire => sprintf("%x\r\n%s\r\n0\r\nX-Hub-Signature-256: %s\r\n"
                             . "\r\n", $length, $b,
                             Connext::Sample::signature($b,
                                 $Connext::SECRET{app_secret}))),
     qr/401|400/],
    ['H19 bad chunk terminator',
     request(headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'chunked' },
             wire => "2\r\nabXX0\r\n\r\n"), '400'],
    ['H22 transfer-encoding gzip',
     request(body => $b, headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'gzip' }), '501'],
    ['H23 transfer-encoding gzip, chunked',
     request(body => $b, headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'gzip, chunked' }), '501'],
    ['H24 transfer-encoding xchunked',
     request(body => $b, headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => 'xchunked' }), '501'],
    ['H25 chunked twice',
     request(body => $b, headers => { 'Content-Length' => undef,
             'Transfer-Encoding' => ['chunked', 'chunked'] }), '400'],
    ['H26 chunked on HTTP/1.0',
     request(line => 'POST /hooks/wa-main HTTP/1.0', headers => {
             'Content-Length' => undef, 'Transfer-Encoding' => 'chunked' },
             wire => "0\r\n\r\n"), '400'],
    ['H27 content-encoding gzip, signed over it',
     request(body => $gz, headers => { 'Content-Encoding' => 'gzip' }),
     '415'],
    ['H29 no body at all',
     request(headers => { 'Content-Length' => undef }), '400'],
    ['H30 content-length 0, signed',
     request(headers => { 'Content-Length' => 0 }), '400'],
    ['H31 body cut by FIN',
     request(body => $b, wire => substr($b, 0, 20)), qr/400|closed/,
     { fin => 1 }],
    ['H33 a second request glued on',
     request(body => body(), headers => { 'Connection' => 'keep-alive' })
     . request(body => 'x', headers => {
               'X-Hub-Signature-256' => 'sha256=' . '0' x 64 }),
     '200 401', { stored => 1 }],
    ['H34 two signed ones, pipelined',
     request(body => body(), headers => { 'Connection' => 'keep-alive' })
     . request(body => body()), '200 200', { stored => 2 }],
    ['H35 HEAD with a body that holds a GET',
     request(line => 'HEAD /hooks/wa-main HTTP/1.1',
             body => "GET /connext/status HTTP/1.1\r\nHost: x\r\n\r\n"),
     '405'],
    (map { ["H36 $_", request(line => "$_ /hooks/wa-main HTTP/1.1",
                              body => $b), '405'] } qw(PUT DELETE PATCH)),
    ['H37 TRACE', request(line => 'TRACE /hooks/wa-main HTTP/1.1'), '405'],
    ['H38 lower case post',
     request(line => 'post /hooks/wa-main HTTP/1.1', body => $b), '400'],
    ['H39 HTTP/0.9', "GET /hooks/wa-main?hub.mode=subscribe\r\n",
     qr/400|closed/],
    ['H40 HTTP/1.2',
     request(line => 'POST /hooks/wa-main HTTP/1.2', body => $b),
     qr/400|505/],
    ['H41 HTTP/2.0 over one connection',
     request(line => 'POST /hooks/wa-main HTTP/2.0', body => $b), '505'],
    ['H42 HTTP/2 preface', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     qr/400|closed/],
    ['H43 TLS on a plain port', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03",
     qr/400|closed/, { fin => 1 }],
    ['H44 PROXY line',
     "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" . request(body => $b), '400'],
    ['H45 no Host', request(body => $b, headers => { Host => undef }),
     '400'],
    ['H46 two Hosts', request(body => $b, headers => { Host =>
                                                       ['a', 'b'] }), '400'],
    ['H47 Host a/b', request(body => $b, headers => { Host => 'a/b' }),
     '400'],
    ['H49 forged forwarding headers', request(body => $b, signed => 'x',
     headers => { 'X-Forwarded-Host' => 'evil', 'X-Original-URL' =>
                  '/connext/status', 'X-Rewrite-URL' => '/' }), '401'],
    (map { ["H50 another spelling: $_",
            request(line => "POST $_ HTTP/1.1", body => $b), '404'] }
         '//hooks/wa-main', '/./hooks/wa-main', '/hooks/wa-mai%6e'),
    ['H51 out of the tree',
     request(line => 'POST /../../etc/passwd HTTP/1.1', body => $b), '400'],
    ['H52 NUL in the path',
     request(line => 'POST /hooks/wa-main%00 HTTP/1.1', body => $b), '400'],
    ['H53 bad percent',
     request(line => 'POST /hooks/%zz HTTP/1.1', body => $b), '400'],
    ['H54 URI of 9 KB',
     request(line => 'POST /' . 'a' x 9216 . ' HTTP/1.1'), '414'],
    ['H55 header of 9 KB',
     request(body => $b, headers => { 'X-Long' => 'a' x 9216 }), '400'],
    ['H56 1,200 headers',
     request(body => $b, more => join '', map { "X-H$_: aaaaaaaaaaaaaaaaaaaaa"
             . "aaaaaaaaaa\r\n" } 1 .. 1200), '400'],
    ['H57 bare line feeds, signed', request(body => $lf) =~ s/\r\n/\n/gr,
     '200', { stored => 1 }],
    ['H58 bare CR in a header',
     request(body => $b, headers => { 'X-A' => "a\rb" }), '400'],
    ['H59 NUL in a header',
     request(body => $b, headers => { 'X-A' => "a\0b" }), '400'],
    ['H60 folded header', request(body => $b, headers => {
     'X-A' => "a\r\n b" }), '400'],
    ['H61 space before the colon',
     request(body => $b, more => "X-A : b\r\n"), '400'],
    ['H62 signature with underscores',
     request(body => $b, headers => { 'X-Hub-Signature-256' => undef,
             'X_Hub_Signature_256' => Connext::Sample::signature($b,
                 $Connext::SECRET{app_secret}) }), '401'],
    ['H69 multipart, unsigned',
     request(body => "--x\r\n\r\na\r\n--x--\r\n", signed => 'y', headers => {
             'Content-Type' => 'multipart/form-data; boundary=x' }), '401'],
);

# The chunked good one carries its body in chunks of seven bytes.
for my $row (grep { $_->[0] =~ /^H12/ } @rows) {
    my $good = body();
    $row->[1] = request(body => $good, headers => {
        'Content-Length' => undef, 'Transfer-Encoding' => 'chunked' },
        wire => chunked($good, 7));
}

run_rows($cx, @rows);
Connext::Corpus::flat($cx, 5, @rows);
$cx->finish;
done_testing();
