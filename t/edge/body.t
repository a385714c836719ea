# Bodies: in pieces, in chunks, large, too large, in a file.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $run = "$$." . time;
our $count = 0;


sub message {
    my ($text) = @_;

    my $id = join '.', 'wamid', $run, ++$count;
    return qq({"from":"1650555) . sprintf('%04d', $count % 10000)
           . qq(","id":"$id","timestamp":"1767225590","type":"text",)
           . qq("text":{"body":"$text"}});
}


sub body {
    my ($n, $text) = @_;

    my $messages = join ',', map { message($text) } 1 .. $n;
    return qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
           . qq("changes":[{"field":"messages","value":{"messaging_product":)
           . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
           . qq("phone_number_id":"106540352242922"},)
           . qq("messages":[$messages]}}]}]});
}


sub signed {
    my ($body) = @_;

    return "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);
}


sub head {
    my ($body) = @_;

    return "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
           . signed($body) . "\r\n";
}


our $small = body(1, 'hello');
our $many = body(1000, 'hello');
our $large = body(50, 'x' x 60000);
our $huge = body(75, 'x' x 60000);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
_END
    my $more = $block->more_config // '';
    $block->set_value('config', <<"_END");
    location = /hook {
        client_max_body_size 4m;
        connext_webhook wa-main;
        connext_pass    unix:\$TEST_NGINX_REDIS_SOCK;
        add_header      X-Result \$connext_result always;
        add_header      X-Reason \$connext_reason always;
        $more
    }
_END
});

no_long_string();
log_level('info');
timeout(20);
run_tests();

__DATA__

=== TEST 1: header and body in many small pieces
--- raw_request eval
[::head($::small), "Content-Length: " . length($::small) . "\r\n\r\n",
 substr($::small, 0, 1), substr($::small, 1, 100), substr($::small, 101)]
--- raw_request_middle_delay: 0.02
--- response_headers
X-Result: QUEUED



=== TEST 2: chunks, with an extension
--- raw_request eval
my $half = int(length($::small) / 2);
::head($::small) . "Transfer-Encoding: chunked\r\n\r\n"
. sprintf("%x;a=b\r\n%s\r\n", $half, substr($::small, 0, $half))
. sprintf("%x\r\n%s\r\n", length($::small) - $half, substr($::small, $half))
. "0\r\n\r\n"
--- response_headers
X-Result: QUEUED



=== TEST 3: a thousand messages in one delivery
--- request eval
"POST /hook\n$::many"
--- more_headers eval
::signed($::many)
--- response_headers
X-Result: QUEUED
X-Reason: -



=== TEST 4: three megabytes stay in memory
--- request eval
"POST /hook\n$::large"
--- more_headers eval
::signed($::large)
--- response_headers
X-Result: QUEUED
--- no_error_log
buffered to a temporary file



=== TEST 5: over the limit
--- request eval
"POST /hook\n$::huge"
--- more_headers eval
::signed($::huge)
--- error_code: 413
--- abort
--- error_log
client intended to send too large body



=== TEST 6: a body that was written to a file is not taken
--- more_config: client_body_in_file_only on;
--- request eval
"POST /hook\n$::small"
--- more_headers eval
::signed($::small)
--- error_code: 503
--- response_headers
X-Result: UNAVAILABLE
Retry-After: 5
--- error_log
connext: the body is in a file, raise "client_body_buffer_size" and leave "client_body_in_file_only" off



=== TEST 7: the client goes away before the body is complete
--- raw_request eval
::head($::small) . "Content-Length: " . length($::small) . "\r\n\r\n"
. substr($::small, 0, 100)
--- shutdown: 1
--- ignore_response
--- no_error_log
[error]



=== TEST 8: an empty list of events is nothing to do
--- request
POST /hook
{"object":"whatsapp_business_account","entry":[]}
--- more_headers eval
::signed('{"object":"whatsapp_business_account","entry":[]}')
--- response_headers
X-Result: QUEUED
