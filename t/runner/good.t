# What the runner can do, with stock nginx.

BEGIN { $ENV{TEST_NGINX_LOAD_MODULES} = ''; }

use Test::Nginx::Socket;

repeat_each(2);
plan tests => repeat_each() * 43;
run_tests();

__DATA__

=== TEST 1: status, body, headers
--- config
    location /t { add_header X-A b; return 200 "hello\n"; }
--- request
GET /t
--- response_body
hello
--- response_headers
X-A: b
! X-B
--- raw_response_headers_unlike: X-C
--- no_error_log
[error]



=== TEST 2: another status, body by expression
--- config
    location /t { return 404 "nothing here"; }
--- request
GET /t
--- error_code: 404
--- response_body_like: ^nothing
--- response_headers_like
Content-Length: \d+



=== TEST 3: body, headers and method of a request
--- http_config
    log_format t "got $request_method $http_x_one $content_length";
--- config
    location /t {
        access_log logs/access.log t;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/echo;
    }
    location /echo { return 200 "$request_method $http_x_one $content_length\n"; }
--- request
POST /t
abc
--- more_headers
X-One: 1
# not this
--- response_body
POST 1 3
--- access_log
got POST 1 3



=== TEST 4: a list of requests
--- config
    location /a { return 200 "a"; }
    location /b { return 201 "b"; }
--- request eval
["GET /a", "GET /b"]
--- error_code eval
[200, 201]
--- response_body eval
["a", "b"]



=== TEST 5: pipelined
--- config
    location /a { return 200 "a"; }
    location /b { return 200 "b"; }
--- pipelined_requests eval
["GET /a", "GET /b"]
--- response_body eval
["a", "b"]



=== TEST 6: raw, in packets
--- config
    location /a { return 200 "a"; }
--- raw_request eval
["GET /a HT", "TP/1.1\r\nHost: x\r\n", "Connection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.05
--- response_body: a



=== TEST 7: a configuration nginx refuses
--- config
    no_such_directive;
--- must_die
--- error_log
unknown directive "no_such_directive"



=== TEST 8: files, expansion, error log by expression
--- config
    location /f { alias $TEST_NGINX_SERVER_ROOT/html/f.txt; }
--- user_files
>>> f.txt
in a file
--- request
GET /f
--- response_body
in a file
--- error_log eval
[qr/http request line: "GET \/f/, "GET"]



=== TEST 9: a server to talk to
--- config
    location /t { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval
"HTTP/1.0 200 OK\r\n\r\nfrom afar"
--- tcp_query eval: qr/^GET \/t HTTP\/1.0/
--- request
GET /t
--- response_body: from afar



=== TEST 10: chunked answers are joined
--- config
    location /t {
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_2
--- tcp_reply eval
"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
--- request
GET /t
--- response_body: abcde



=== TEST 11: one that is skipped
--- skip_nginx: 2: < 99.0.0
--- config
    location /t { return 500; }
--- request
GET /t



=== TEST 12: one that is for later
--- todo: 1: not yet
--- config
    location /t { return 500; }
--- request
GET /t



=== TEST 13: grep, chunked request, more than one header set
--- config
    location /t { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/e; }
    location /e { return 200 $http_x_one; }
--- request eval
["GET /t", "GET /t"]
--- more_headers eval
["X-One: 1", "X-One: 2"]
--- response_body eval
["1", "2"]
--- grep_error_log eval: qr/http request line: "GET \/t/
--- grep_error_log_out eval
["http request line: \"GET /t\n", "http request line: \"GET /t\n"]



=== TEST 14: master and two workers
--- init
main::master_on(); main::workers(2);
--- config
    location /t { return 204; }
--- request
GET /t
--- error_code: 204
