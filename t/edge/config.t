# What `nginx -t` says: one line with the channel, the file and the line.

use Test::Nginx::Socket 'no_plan';

our $secret = '0123456789abcdef0123456789abcdef';

# Blocks say what they need: files, a channel's lines, more of http, location.
add_block_preprocessor(sub {
    my ($block) = @_;

    my $lines = $block->channel // <<'_END';
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
_END
    my $more = $block->more_http // '';
    my $location = $block->location // <<'_END';
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
_END

    $block->set_value('user_files', <<_END . ($block->files // ''));
>>> secret
$secret
>>> token
verify-me
_END
    $block->set_value('http_config', <<"_END");
    connext_channel wa-main {
$lines
    }
    $more
_END
    $block->set_value('config', <<"_END");
    location = /hook {
$location
    }
_END
    $block->set_value('request', 'GET /') unless defined $block->request;
});

no_long_string();
log_level('notice');
run_tests();

__DATA__

=== TEST 1: the least that is needed
--- error_log eval
qr{\[warn\] .*connext: channel "wa-main": secret file ".*/html/secret" is accessible by group or others \(mode 0644\) in .*/nginx.conf:\d+}



=== TEST 2: the secret file is missing
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/none;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{\[emerg\] .*connext: channel "wa-main": cannot read secret file ".*/html/none" \(2: No such file or directory\) in .*/nginx.conf:\d+}



=== TEST 3: the secret file is empty
--- files
>>> empty
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/empty;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": secret file ".*/html/empty" is empty in .*/nginx.conf:\d+}



=== TEST 4: only a newline in it
--- files eval
">>> newline\n\n"
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/newline;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": secret file ".*/html/newline" is empty in .*/nginx.conf:\d+}



=== TEST 5: a secret that can be guessed
--- files
>>> short
changeme
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/short;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": secret file ".*/html/short" holds fewer than 16 bytes: that is no secret in .*/nginx.conf:\d+}
--- no_error_log
changeme



=== TEST 6: a directory
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": cannot read secret file ".*/html": it is a directory in .*/nginx.conf:\d+}



=== TEST 7: not a file at all
--- channel
        type              whatsapp;
        secret_file       /dev/null;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": cannot read secret file "/dev/null": it is not a regular file in .*/nginx.conf:\d+}



=== TEST 8: far too large
--- files eval
">>> large\n" . 'x' x 65537 . "\n"
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/large;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": secret file ".*/html/large" is larger than 64 KiB in .*/nginx.conf:\d+}



=== TEST 9: no secret
--- channel
        type              whatsapp;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": "secret_file" is missing in .*/nginx.conf:\d+}



=== TEST 10: more secrets than there can be
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret
                          $TEST_NGINX_SERVER_ROOT/html/secret;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret
                          $TEST_NGINX_SERVER_ROOT/html/secret;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": more than 4 secrets in .*/nginx.conf:\d+}



=== TEST 11: no verify token
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": "verify_token_file" is missing in .*/nginx.conf:\d+}



=== TEST 12: a verify token that cannot be read
--- channel
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/none;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": cannot read verify token file ".*/html/none" \(2: No such file or directory\) in .*/nginx.conf:\d+}



=== TEST 13: no type
--- channel
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": "type" is missing in .*/nginx.conf:\d+}



=== TEST 14: an unknown type
--- channel
        type              pigeon;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": unknown type "pigeon", there are: .*whatsapp.* in .*/nginx.conf:\d+}



=== TEST 15: the type twice
--- channel
        type              whatsapp;
        type              whatsapp;
--- must_die
--- error_log
connext: channel "wa-main": "type" is duplicate in



=== TEST 16: a setting that is none
--- channel
        secret            0123456789abcdef;
--- must_die
--- error_log
connext: channel "wa-main": unknown setting "secret", there are type, secret_file, verify_token_file, public_url, topic, tolerance, identity_secret_file, allow_origin in
--- no_error_log
0123456789abcdef



=== TEST 17: a setting with a word too many
--- channel
        type              whatsapp cloud;
--- must_die
--- error_log
connext: channel "wa-main": invalid number of arguments in "type" in



=== TEST 18: a channel twice
--- more_http
    connext_channel wa-main { type whatsapp; }
--- must_die
--- error_log eval
qr{connext: channel "wa-main" is duplicate, the first is in .*/nginx.conf:\d+ in .*/nginx.conf:\d+}



=== TEST 19: a name that is none
--- more_http
    connext_channel WA_Main { type whatsapp; }
--- must_die
--- error_log
connext: channel "WA_Main": a name is 1 to 64 of a-z, 0-9 and "-" in



=== TEST 20: a webhook without Redis
--- location
        connext_webhook wa-main;
--- must_die
--- error_log eval
qr{connext: channel "wa-main": "connext_webhook" needs "connext_pass" in the same location in .*/nginx.conf:\d+}



=== TEST 21: a webhook of a channel that is not there
--- location
        connext_webhook wa-mian;
        connext_pass    127.0.0.1:1;
--- must_die
--- error_log eval
qr{connext: channel "wa-mian" is used but not defined, there are: wa-main in .*/nginx.conf:\d+}



=== TEST 22: a webhook twice
--- location
        connext_webhook wa-main;
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
--- must_die
--- error_log
"connext_webhook" directive is duplicate in



=== TEST 23: bodies that are too small for the provider
--- location
        client_max_body_size 1m;
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
--- error_log eval
qr{\[warn\] .*connext: channel "wa-main": "client_max_body_size" is 1048576, deliveries may have 3m in .*/nginx.conf:\d+}



=== TEST 24: time-outs of zero, statuses out of range, words unknown
--- location
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
        connext_read_timeout 0;
--- must_die
--- error_log
"connext_read_timeout" directive must be above zero in



=== TEST 25: an answer that would lose events
--- location
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
        connext_unavailable_status 200;
--- must_die
--- error_log
value must be between 400 and 599 in



=== TEST 26: a prefix that would make other keys
--- location
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
        connext_prefix  a:b;
--- must_die
--- error_log
"connext_prefix" directive is 1 to 32 of letters, digits, "-", "_" and "." in



=== TEST 27: a status form that is none
--- location
        connext_status  xml;
--- must_die
--- error_log
"connext_status" directive knows json, prometheus, ready and live in



=== TEST 28: a Redis user without a password
--- location
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
        connext_redis_user edge;
--- must_die
--- error_log
connext: channel "wa-main": "connext_redis_user" needs "connext_redis_password_file" in



=== TEST 29: a Redis password that cannot be read
--- location
        connext_webhook wa-main;
        connext_pass    127.0.0.1:1;
        connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/none;
--- must_die
--- error_log eval
qr{connext: cannot read redis password file ".*/html/none" \(2: No such file or directory\) in .*/nginx.conf:\d+}



=== TEST 30: a zone without a size
--- more_http
    connext_shared_zone zone=connext;
--- must_die
--- error_log
connext: "connext_shared_zone" needs zone=name:size in



=== TEST 31: a zone that is too small
--- more_http
    connext_shared_zone zone=connext:4k;
--- must_die
--- error_log
connext: shared zone size "4k" is invalid or below



=== TEST 32: channels and upstreams may stand below, other names for a type
--- channel
        type              whatsapp_cloud;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
--- more_http
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location /h {
            connext_webhook wa-late;
            connext_pass    late;
            limit_except POST { deny all; }
            if ($args) { set $x 1; }
        }
    }
    upstream late { server 127.0.0.1:1; server 127.0.0.1:2 backup; }
    connext_channel wa-late {
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        type              whatsapp;
    }
    connext_shared_zone zone=counts:256k;
    connext_prefix      site.one;
    connext_log_level   warn;
    connext_ack_status  204;
--- no_error_log
[emerg]
