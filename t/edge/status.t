# The status document in its four forms.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);
use JSON::PP;

our $secret = '0123456789abcdef0123456789abcdef';
our $previous = 'fedcba9876543210fedcba9876543210';
our $body = qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
            . qq("changes":[{"field":"messages","value":{"messaging_product":)
            . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
            . qq("phone_number_id":"106540352242922"},"messages":[{"from":)
            . qq("16505551234","id":"wamid.$$.) . time . qq(","timestamp":)
            . qq("1767225590","type":"text","text":{"body":"hello"}}]}}]}]});
our $signed = "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);
our $older = "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $previous);
our $odd = "X-Hub-Signature-256: sha256=" . hmac_sha256_hex('[]', $secret);

# A delivery, again, with the previous secret, an odd one, a bad one, a
# challenge; then the status.
our @requests = (("POST /hook\n$body") x 3, "POST /hook\n[]",
                 "POST /hook\n$body",
                 'GET /hook?hub.mode=subscribe&hub.challenge=7'
                 . '&hub.verify_token=verify-me',
                 'GET /hook');
our @headers = ($signed, $signed, $older, $odd, '', '', '');
our @codes = (200, 200, 200, 200, 401, 200, 403);


# The named members of the only channel, in order.
sub counters {
    my ($text) = @_;

    return '' unless $text =~ /^\{/;

    my $c = decode_json($text)->{channels}[0];

    # The first block of this file to run has the one that is new.
    $c->{events} = $c->{queued} + $c->{duplicate};
    return join ' ', map { "$_=" . (ref $c->{$_} ? encode_json($c->{$_})
                                                 : $c->{$_}) }
           qw(name type events challenge unavailable quarantined
              previous_secret_hits);
}


sub rejected {
    my ($text) = @_;

    return '' unless $text =~ /^\{/;

    return JSON::PP->new->canonical->encode(
               decode_json($text)->{channels}[0]{rejected});
}


add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> previous
$previous
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret
                          $TEST_NGINX_SERVER_ROOT/html/previous;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
_END
    $block->set_value('config', <<'_END');
    location = /hook {
        connext_webhook wa-main;
        connext_pass    unix:$TEST_NGINX_REDIS_SOCK;
    }
    location = /status  { connext_status; }
    location = /json    { connext_status json; }
    location = /metrics { connext_status prometheus; }
    location = /ready   { connext_status ready; }
    location = /live    { connext_status live; }
_END
});

no_long_string();
log_level('crit');
run_tests();

__DATA__

=== TEST 1: counters in JSON
--- request eval
[@::requests, 'GET /json']
--- more_headers eval
[@::headers, '']
--- error_code eval
[@::codes, 200]
--- response_body_filters eval
\&::counters
--- response_body eval
[('') x 7,
 'name=wa-main type=whatsapp events=3 challenge=1 unavailable=0 '
 . 'quarantined=1 previous_secret_hits=1']



=== TEST 2: refusals by reason
--- request eval
[@::requests, 'GET /status']
--- more_headers eval
[@::headers, '']
--- error_code eval
[@::codes, 200]
--- response_body_filters eval
\&::rejected
--- response_body eval
[('') x 7, '{"bad_token":1,"no_signature":1}']



=== TEST 3: the whole document
--- request eval
[@::requests, 'GET /status']
--- more_headers eval
[@::headers, '']
--- error_code eval
[@::codes, 200]
--- response_body_like eval
[('') x 7,
 '^\{"version":"\d+\.\d+\.\d+","nginx":"[\d.]+","generation":1,"uptime":\d+,'
 . '"redis":\{"up":true,"last_error":null,"last_error_at":null,'
 . '"latency_us":\d+\},"streams":0,"channels":\[\{"name":"wa-main","type":"whatsapp",'
 . '"queued":\d,.*"bytes":\d+,"last_accepted":"20\d\d-\d\d-\d\dT\d\d:\d\d:'
 . '\d\dZ","previous_secret_hits":1\}\]\}\n$']



=== TEST 4: a request for text gets the other form
--- request
GET /status
--- more_headers
Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- response_body_like: connext_edge_build_info\{version="[\d.]+",nginx="[\d.]+"\} 1



=== TEST 5: JSON when JSON is what the location says
--- request
GET /json
--- more_headers
Accept: text/plain
--- response_headers
Content-Type: application/json



=== TEST 6: metrics
--- request eval
[@::requests, 'GET /metrics']
--- more_headers eval
[@::headers, '']
--- error_code eval
[@::codes, 200]
--- response_body_filters eval
sub { CORE::join "\n", CORE::sort grep { /^connext_edge_(?:requests|rejects)/
                                         && !/ 0$/ } split /\n/, $_[0] }
--- response_body eval
[('') x @::requests, CORE::join "\n",
 'connext_edge_rejects_total{channel="wa-main",reason="bad_token"} 1',
 'connext_edge_rejects_total{channel="wa-main",reason="malformed"} 1',
 'connext_edge_rejects_total{channel="wa-main",reason="no_signature"} 1',
 'connext_edge_requests_total{channel="wa-main",result="CHALLENGE"} 1',
 'connext_edge_requests_total{channel="wa-main",result="QUARANTINED"} 1',
 'connext_edge_requests_total{channel="wa-main",result="QUEUED"} 3',
 'connext_edge_requests_total{channel="wa-main",result="REJECTED"} 2']



=== TEST 7: each line of the metrics is well formed
--- request
GET /metrics
--- response_body_filters eval
sub { CORE::join '', grep { !/^(?:# (?:HELP|TYPE) connext_\w+ .+|connext_\w+(?:\{(?:\w+="[^"\\]*",?)+\})? [\d.]+)\n\z/ } split /^/, $_[0] }
--- response_body



=== TEST 8: buckets only grow, and end with the count
--- request eval
["POST /hook\n$::body", 'GET /metrics']
--- more_headers eval
[$::signed, '']
--- error_code eval
[200, 200]
--- response_body_filters eval
sub {
     return '' unless length $_[0];
     my @n = $_[0] =~ /^connext_edge_verify_duration_seconds_bucket\{.*\} (\d+)$/mg;
     my ($count) = $_[0] =~ /^connext_edge_verify_duration_seconds_count\{.*\} (\d+)$/m;
     my $grow = !grep { $n[$_] < $n[$_ - 1] } 1 .. $#n;
     return CORE::join ' ', scalar(@n), $grow ? 'grow' : 'shrink', $n[-1] == $count
                      && $count == 1 ? 'count' : 'differ';
}
--- response_body eval
['', '13 grow count']



=== TEST 9: ready once Redis was reached, and live
--- request eval
["POST /hook\n$::body", 'GET /ready', 'GET /live']
--- more_headers eval
[$::signed, '', '']
--- error_code eval
[200, 200, 200]
--- response_body eval
['', "ready\n", "live\n"]



=== TEST 10: only to be read
--- request
POST /status
x
--- error_code: 405



=== TEST 11: HEAD
--- request
HEAD /status
--- response_headers
Content-Type: application/json



=== TEST 12: no customer, no secret, no address in any form
--- request eval
["POST /hook\n$::body", 'GET /status', 'GET /metrics']
--- more_headers eval
[$::signed, '', '']
--- error_code eval
[200, 200, 200]
--- response_body_unlike eval
['.', '16505551234|hello|verify-me|0123456789abcdef|127\.0\.0\.1|wamid',
 '16505551234|hello|verify-me|0123456789abcdef|127\.0\.0\.1|wamid']
