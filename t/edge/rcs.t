# RCS for Business: the handshake is a POST that nginx answers alone, and the
# signature is over what message.data holds.

use Digest::SHA qw(hmac_sha512);
use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';

our $data = '{"agentId":"a@rbm.goog","senderPhoneNumber":"+12223334444",'
            . '"messageId":"M1","text":"hi"}';


sub signed {
    my ($bytes, $key) = @_;

    return 'X-Goog-Signature: '
           . encode_base64(hmac_sha512($bytes, $key // 'SJENCPGJESMGUFPY'),
                           '');
}


sub envelope {
    return '{"message":{"data":"' . encode_base64($_[0], '')
           . '","attributes":{"business_id":"other"}}}';
}


add_block_preprocessor(sub {
    my ($block) = @_;

    my $type = $block->type // "rcs\n";
    chomp $type;
    $block->set_value('user_files', <<'_END');
>>> secret
SJENCPGJESMGUFPY
_END
    $block->set_value('http_config', <<"_END");
    connext_channel rcs-main {
        type         $type;
        secret_file  \$TEST_NGINX_SERVER_ROOT/html/secret;
    }
_END
    $block->set_value('config', <<'_END');
    location = /hook {
        connext_webhook  rcs-main;
        connext_pass     unix:$TEST_NGINX_SERVER_ROOT/html/none.sock;
        add_header       X-Result $connext_result always;
        add_header       X-Reason $connext_reason always;
    }
_END
});

no_long_string();
log_level('warn');
run_tests();

__DATA__

=== TEST 1: the secret comes back as plain text, Redis or not
--- request
POST /hook
{"clientToken":"SJENCPGJESMGUFPY","secret":"1234567890"}
--- response_body chomp
1234567890
--- response_headers
Content-Type: text/plain
X-Content-Type-Options: nosniff
X-Result: CHALLENGE



=== TEST 2: a wrong client token
--- request
POST /hook
{"clientToken":"SJENCPGJESMGUFPZ","secret":"1234567890"}
--- error_code: 403
--- response_headers
X-Reason: bad_token
--- response_body



=== TEST 3: what a browser could run is not echoed
--- request
POST /hook
{"clientToken":"SJENCPGJESMGUFPY","secret":"<script>"}
--- error_code: 400
--- response_headers
X-Reason: bad_challenge
--- response_body



=== TEST 4: a handshake by GET
--- request
GET /hook
--- error_code: 405
--- response_headers
Allow: POST



=== TEST 5: a signed delivery gets as far as Redis
--- request eval
"POST /hook\n" . main::envelope($main::data)
--- more_headers eval
main::signed($main::data)
--- error_code: 503
--- response_headers
X-Reason: redis_connect



=== TEST 6: signed with another secret
--- request eval
"POST /hook\n" . main::envelope($main::data)
--- more_headers eval
main::signed($main::data, 'SJENCPGJESMGUFPZ')
--- error_code: 401
--- response_headers
X-Reason: bad_signature



=== TEST 7: the signature of the body is none
--- request eval
"POST /hook\n" . main::envelope($main::data)
--- more_headers eval
main::signed(main::envelope($main::data))
--- error_code: 401
--- response_headers
X-Reason: bad_signature



=== TEST 8: not signed
--- request eval
"POST /hook\n" . main::envelope($main::data)
--- error_code: 401
--- response_headers
X-Reason: no_signature



=== TEST 9: two signatures
--- request eval
"POST /hook\n" . main::envelope($main::data)
--- more_headers eval
main::signed($main::data) . "\n" . main::signed($main::data)
--- error_code: 401
--- response_headers
X-Reason: dup_signature



=== TEST 10: no data at all, with a signature of nothing
--- request
POST /hook
{"message":{}}
--- more_headers eval
main::signed('')
--- error_code: 401
--- response_headers
X-Reason: bad_signature



=== TEST 11: the legacy type works, and nginx says what it is worth
--- type
google_business
--- request
POST /hook
{"clientToken":"SJENCPGJESMGUFPY","secret":"1234567890"}
--- response_body chomp
1234567890
--- error_log
Google closed Business Messages on 31 July 2024: events are recorded, nothing can be sent; the successor is rcs
