# Nothing but what Google signed becomes an event: RCS signs what message.data
# holds, Business Messages the whole body.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Digest::SHA qw(hmac_sha512);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $TOKEN = 'SJENCPGJESMGUFPY';
my $cx = Connext->new(http => <<'_END', location => <<'_END');
    connext_channel rcs-main { type rcs; secret_file DIR/client_token; }
    connext_channel gbm-main {
        type google_business; secret_file DIR/client_token;
    }
_END
        location = /hooks/rcs-main {
            connext_webhook rcs-main; connext_pass unix:DIR/redis.sock;
        }
        location = /hooks/gbm-main {
            connext_webhook gbm-main; connext_pass unix:DIR/redis.sock;
        }
_END
s/DIR/$cx->dir/ge for @$cx{qw(http location)};
write_file($cx->path('client_token'), "$TOKEN\n", 0600);
$cx->start(qw(redis nginx));

my $http = $cx->http;


sub mac { return encode_base64(hmac_sha512($_[0], $TOKEN), '') }


sub post {
    my ($channel, $body, $signature) = @_;

    return $http->request('POST', "/hooks/$channel", {
        'Content-Type' => 'application/json',
        defined $signature ? ('X-Goog-Signature' => $signature) : () },
        $body)->{status};
}


# How often each status came.
sub statuses {
    my ($channel, @tries) = @_;

    my %n;
    $n{post($channel, @$_)}++ for @tries;
    return \%n;
}


sub mutated {
    my ($text, $from, $to) = @_;

    my @all;
    for my $i ($from .. $to) {
        for my $bit (1, 2, 4, 8, 16, 32) {
            my $t = $text;
            substr($t, $i, 1) ^= chr $bit;
            push @all, $t;
        }
    }
    return @all;
}


# --- RCS ----------------------------------------------------------------------

my $data = '{"agentId":"a@rbm.goog","senderPhoneNumber":"+12223334444",'
           . '"messageId":"M1","text":"Is it free?"}';
my $body = '{"message":{"data":"' . encode_base64($data, '')
           . '","attributes":{"type":"message"}},"subscription":"s"}';
my $signature = mac($data);

is(post('rcs-main', $body, $signature), 200, 'as it was signed: 200');
is($cx->count('in'), 1, 'and in the stream');

my $at = index($body, '"data":"') + 8;
my @bodies = mutated($body, $at, $at + length(encode_base64($data, '')) - 1);
is_deeply(statuses('rcs-main', map { [$_, $signature] } @bodies),
          { 401 => scalar @bodies }, @bodies . ' changes of the data: 401');

# Outside of the data nothing is signed, and nothing is believed: the same
# message again at most.
my $all = statuses('rcs-main', map { [$_, $signature] }
                               mutated($body, 0, length($body) - 1));
is(join(' ', grep { !/^(?:200|401)$/ } keys %$all), '', 'anywhere: 200 or 401');
is($cx->count('in'), 1, 'the stream is as it was');
is($cx->quarantined, 0, 'nothing is kept');

my @alphabet = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '+', '/', '=', '-', '_');
my @signatures;
for my $i (0 .. length($signature) - 1) {
    for my $c (grep { $_ ne substr $signature, $i, 1 } @alphabet) {
        my $s = $signature;
        substr($s, $i, 1) = $c;
        push @signatures, $s;
    }
}
push @signatures, map { substr $signature, 0, $_ } 1 .. 87;
push @signatures, "$signature=", "$signature,$signature", mac($body),
                  mac(encode_base64($data, ''));
is_deeply(statuses('rcs-main', map { [$body, $_] } @signatures),
          { 401 => scalar @signatures },
          @signatures . ' other signatures: 401');
is($cx->count('in'), 1, 'the stream is as it was');

# --- Business Messages --------------------------------------------------------

$body = '{"agent":"brands/1/agents/2","conversationId":"c1","message":'
        . '{"messageId":"m1","text":"Is it free?"}}';
$signature = mac($body);
is(post('gbm-main', $body, $signature), 200, 'the old kind: 200');
is($cx->count('in'), 2, 'and in the stream');
@bodies = (mutated($body, 0, length($body) - 1), "$body\n", "$body ",
           map { substr $body, 0, $_ } 1 .. length($body) - 1);
is_deeply(statuses('gbm-main', map { [$_, $signature] } @bodies),
          { 401 => scalar @bodies }, @bodies . ' other bodies: 401');
is_deeply(statuses('gbm-main', map { [$body, $_] } @signatures[0 .. 999]),
          { 401 => 1000 }, 'other signatures: 401');
is($cx->count('in'), 2, 'the stream is as it was');

$cx->finish;
done_testing();
