# Bad signatures and challenges: rows S of the corpus.

use strict;
use warnings;

use Connext;
use Connext::Corpus qw(body request run_rows);
use Digest::SHA qw(hmac_sha1_hex hmac_sha256_hex hmac_sha512_hex);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx));
my $secret = $Connext::SECRET{app_secret};
my $b = body(text => 'Grüße & "quotes"');
my $hex = hmac_sha256_hex($b, $secret);
my $token = $Connext::SECRET{verify_token};


# A row whose signature header is that value (a list: repeated).
sub signed {
    my ($name, $value, $want, $opt) = @_;

    return [$name, request(body => $b, headers => {
            'X-Hub-Signature-256' => $value }), $want // '401', $opt];
}


sub challenge {
    my ($name, $query, $want) = @_;

    return [$name, request(line => "GET /hooks/wa-main?$query HTTP/1.1",
            headers => { 'X-Hub-Signature-256' => undef,
                         'Content-Length' => undef }), $want];
}


my $good = "hub.mode=subscribe&hub.verify_token=$token&hub.challenge=1158201";
my $flipped = $hex;
substr($flipped, 20, 1) =~ tr/0-9a-f/1-9a-f0/;

my $upper = body();
my $spaces = $b =~ s/":/": /r;

my @rows = (
    signed('S01 no signature', undef),
    signed('S02 empty value', ''),
    signed('S03 prefix alone', 'sha256='),
    signed('S04 no prefix', $hex),
    signed('S05 upper-case prefix', "SHA256=$hex"),
    ['S06 upper-case hex is the same value', request(body => $upper, headers
     => { 'X-Hub-Signature-256' => 'sha256=' . uc hmac_sha256_hex($upper,
     $secret) }), '200', { stored => 1 }],
    signed('S07 63 digits', 'sha256=' . substr($hex, 0, 63)),
    signed('S08 65 digits', "sha256=${hex}0"),
    signed('S09 first half only', 'sha256=' . substr($hex, 0, 32)),
    signed('S10 one bit flipped', "sha256=$flipped"),
    signed('S11 not hexadecimal', 'sha256=' . 'g' . substr($hex, 1)),
    signed('S12 space inside', "sha256= $hex"),
    signed('S13 good, then bad', ["sha256=$hex", "sha256=$flipped"]),
    signed('S14 bad, then good', ["sha256=$flipped", "sha256=$hex"]),
    signed('S15 twice the same', ["sha256=$hex", "sha256=$hex"]),
    signed('S16 two in one value', "sha256=$hex,sha256=$flipped"),
    ['S17 only the old header', request(body => $b, headers => {
     'X-Hub-Signature-256' => undef,
     'X-Hub-Signature' => 'sha1=' . hmac_sha1_hex($b, $secret) }), '401'],
    signed('S18 sha-1 under this header',
           'sha256=' . hmac_sha1_hex($b, $secret)),
    signed('S19 sha-512, cut',
           'sha256=' . substr(hmac_sha512_hex($b, $secret), 0, 64)),
    signed('S24 somebody else\'s secret',
           'sha256=' . hmac_sha256_hex($b, 'another-secret-of-somebody')),
    ['S26 spaces added to the body', request(body => $spaces,
     signed => $b), '401'],
    ['S28 escapes replaced', request(body => ($b =~ s/Hello/H\\u0065llo/r)
     . ' ', signed => $b), '401'],
    ['S29 line feed added', request(body => "$b\n", signed => $b), '401'],
    ['S30 BOM added', request(body => "\xef\xbb\xbf$b", signed => $b),
     '401'],
    ['S33 the same delivery again', request(body => $upper), '200'],
    challenge('S48 the right token', $good, '200'),
    challenge('S49 script in the challenge',
              $good =~ s/1158201/%3Cscript%3E/r, '400'),
    challenge('S50 wrong token', $good =~ s/\Q$token\E/nope/r, '403'),
    challenge('S50 empty token', $good =~ s/\Q$token\E//r, '403'),
    challenge('S50 no token', 'hub.mode=subscribe&hub.challenge=1',
              qr/40[03]/),
    challenge('S51 token twice', "$good&hub.verify_token=x", '400'),
    challenge('S52 unsubscribe', $good =~ s/=subscribe/=unsubscribe/r, '403'),
    challenge('S52 no mode', $good =~ s/hub.mode=subscribe&//r, qr/40[03]/),
    challenge('S48 no challenge', $good =~ s/&hub.challenge=.*//r, '400'),
    challenge('S48 challenge of 9 KB', $good . '1' x 7000, qr/400|414/),
    challenge('S48 nothing asked', '', qr/40[03]/),
);

run_rows($cx, @rows);
Connext::Corpus::flat($cx, 20, @rows);

# The answer of a challenge is the challenge.
my $res = $cx->http->request('GET', "/hooks/wa-main?$good");
is($res->{body}, '1158201', 'the challenge comes back');
like($res->{headers}{'content-type'}, qr{^text/plain}, 'as plain text');
is($res->{headers}{'x-content-type-options'}, 'nosniff', 'and as no other');

# Redis is not asked.
$cx->stop('redis');
is($cx->http->request('GET', "/hooks/wa-main?$good")->{status}, 200,
   'a challenge is answered with Redis away');
is($cx->say(from => 1)->{status}, 503, 'a delivery is not');

$cx->finish;
done_testing();
