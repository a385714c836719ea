# A Redis that wants a user and a password, and one that lost our Function.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;

our $dir = tempdir('connext-auth-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $owner = $$;
our $redis;


sub start_redis {
    $redis = fork // die "fork: $!";
    if ($redis == 0) {
        open STDOUT, '>', "$dir/log";
        open STDERR, '>&', \*STDOUT;
        exec 'redis-server', '--port', 0, '--unixsocket', "$dir/sock",
             '--dir', $dir, '--save', '', '--appendonly', 'no',
             '--requirepass', 'master-password-q7',
             '--user', 'edge', 'on', '>edge-password-q8', '~cx:*', '+fcall',
             '+fcall_ro', '+function|load', '+xadd', '+select', '+sismember',
             '+sadd', '+srem', '+expire', '+time';
        exit 127;
    }

    my $deadline = time + 10;
    until (IO::Socket::UNIX->new(Peer => "$dir/sock")) {
        die "redis-server does not start\n" if time > $deadline;
        select undef, undef, undef, 0.01;
    }
}


# One command by the default user; the answer is thrown away.
sub redis_does {
    my $s = IO::Socket::UNIX->new(Peer => "$dir/sock") or die "redis: $!";

    print $s "AUTH master-password-q7\r\n@_\r\n";
    <$s>;
    my $answer = <$s>;
    die "redis: $answer" if $answer =~ /^-/;
}


END {
    if ($$ == $owner && $redis) {
        local $?;
        kill 'TERM', $redis;
        waitpid $redis, 0;
    }
}

start_redis();
$ENV{TEST_NGINX_AUTH_SOCK} = "$dir/sock";

our $secret = '0123456789abcdef0123456789abcdef';
our $body = qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
            . qq("changes":[{"field":"messages","value":{"messaging_product":)
            . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
            . qq("phone_number_id":"106540352242922"},"messages":[{"from":)
            . qq("16505551234","id":"wamid.$$","timestamp":"1767225590",)
            . qq("type":"text","text":{"body":"hello"}}]}}]}]});
our $signed = "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('request', "POST /hook\n$body")
        unless defined $block->request;
    $block->set_value('more_headers', $signed);
    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> token
verify-me
>>> master
master-password-q7
>>> edge
edge-password-q8
>>> wrong
wrong-password-q9
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
        connext_webhook wa-main;
        connext_pass    unix:\$TEST_NGINX_AUTH_SOCK;
        add_header      X-Result \$connext_result always;
        add_header      X-Reason \$connext_reason always;
        $more
    }
_END
});

no_shuffle();
log_level('warn');
run_tests();

__DATA__

=== TEST 1: a password
--- more_config
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/master;
--- response_headers
X-Result: QUEUED
--- no_error_log
[error]



=== TEST 2: a user with the rights it needs, another database
--- more_config
connext_redis_user edge;
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/edge;
connext_redis_db 3;
--- response_headers
X-Result: QUEUED
X-Reason: -
--- no_error_log
[error]



=== TEST 3: a wrong password, named without being shown
--- more_config
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/wrong;
--- error_code: 503
--- response_headers
X-Result: UNAVAILABLE
--- error_log
is not usable: it refuses the user or password
--- no_error_log
wrong-password-q9



=== TEST 4: no password
--- error_code: 503
--- error_log
is not usable: it wants a password



=== TEST 5: a database that is not there
--- more_config
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/master;
connext_redis_db 1000;
--- error_code: 503
--- error_log
is not usable: it refuses "connext_redis_db"



=== TEST 6: the Function goes while nginx runs, and comes back by itself
--- more_config
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/master;
--- request eval
["POST /hook\n$::body", "POST /hook\n$::body"]
--- more_headers eval
[$::signed, $::signed]
--- error_code eval
[200, 200]
--- response_body_filters eval
sub { ::redis_does('FUNCTION FLUSH'); '' }
--- response_body eval
['', '']
--- no_error_log
[error]



=== TEST 7: a stream's key holds something else
--- more_config
connext_redis_password_file $TEST_NGINX_SERVER_ROOT/html/master;
connext_prefix cx.odd;
--- init
main::redis_does(sprintf 'SET cx.odd:{p%02d}:in x', $_) for 0 .. 63;
--- error_code: 503
--- response_headers
X-Result: UNAVAILABLE
X-Reason: redis_error
--- error_log
refuses events: WRONGTYPE
