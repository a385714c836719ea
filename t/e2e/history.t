# A page that is loaded anew asks what was said, and goes on from there.

use strict;
use warnings;

use Connext;
use Connext::Chat qw(chat ask request open_stream read_events published);
use Connext::Sample qw(json);
use Test::More;

my $cx = chat()->start(qw(redis nginx worker));
$cx->api('POST', '/api/v1/agents', { name => 'desk', provider => 'knowledge',
                                     threshold => 0.3, handoff => 'Later.' });
$cx->knowledge('desk', 'faq.csv', $Connext::FAQ);
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });

my $token = ask($cx, 'session')->{token};
my $other = ask($cx, 'session')->{token};


sub answer {
    my ($who, $query) = @_;

    return request($cx, 'GET', 'messages' . ($query // ''), '',
                   Authorization => "Bearer $who");
}


sub history {
    my $res = answer(@_);
    die "history: $res->{status}\n" if $res->{status} != 200;
    return json()->decode($res->{body});
}


is_deeply(history($token), { data => [], next => undef }, 'nothing yet');

# --- a talk ------------------------------------------------------------------

my $stream = open_stream($cx, 'stream', Authorization => "Bearer $token");
read_events($stream, 1, names => qr/^ready$/);

for my $q (['q-1', 'When is check-out?'], ['q-2', 'Is there "parking"?']) {
    ask($cx, 'messages', { id => $q->[0], text => $q->[1] }, $token) for 1, 2;
    read_events($stream, 1, names => qr/^message$/);
}
ask($cx, 'messages', { type => 'typing' }, $token);

my $all = history($token);
is_deeply([map { "$_->{event} $_->{data}{author}" } @{$all->{data}}],
          ['said visitor', 'message ai', 'said visitor', 'message ai'],
          'both sides, each once, in order');
is($all->{next}, undef, '... and no more');
my @d = map { $_->{data} } @{$all->{data}};
is("$d[2]{id} $d[2]{text}", 'q-2 Is there "parking"?', "the visitor's words");
like($d[1]{text}, qr/11:00/, 'the answers');
cmp_ok(abs($d[0]{at} / 1000 - time), '<', 60, 'with a time');

is_deeply(history($token, "?after=$all->{data}[1]{id}")->{data},
          [@{$all->{data}}[2, 3]], 'from a message on');
is_deeply(history($other)->{data}, [], 'of nobody else');

# --- the page goes on by its stream ------------------------------------------

my $back = open_stream($cx, 'stream', Authorization => "Bearer $token",
                       'Last-Event-ID' => $all->{data}[0]{id});
my @missed = read_events($back, 2, names => qr/^(?:message|said|reset)$/);
is_deeply([map { "$_->{event} $_->{id}" } @missed],
          [map { "message $all->{data}[$_]{id}" } 1, 3],
          'a stream from its own words on has the answers alone');

# --- more than a page --------------------------------------------------------

my ($key) = @{$cx->redis('KEYS', 'cx:{*}:push')};
published($cx, $key, "ms_$_", 'message', { id => "ms_$_" }) for 1 .. 150;
my $first = history($token);
is(scalar @{$first->{data}}, 100, 'a hundred at once');
is($first->{next}, $first->{data}[-1]{id}, '... and where they go on');
my $second = history($token, "?after=$first->{next}");
is(scalar @{$second->{data}} . ' ' . ($second->{next} // 'end'), '54 end',
   '... the rest');

# --- who may not -------------------------------------------------------------

is(answer($_)->{status}, 401, 'no token') for 'x', $token . 'A';
is(request($cx, 'GET', 'messages', '', Authorization => "Bearer $token",
           Origin => 'https://evil.com')->{status}, 403, 'another page');
is(answer($token, '?after=%27')->{status}, 200, 'an odd id is none');

# --- Redis goes away in the middle -------------------------------------------

$cx->signal('redis', 'STOP');
my $sock = $cx->http->socket;
print {$sock} "GET /chat/site/messages HTTP/1.1\r\nHost: localhost\r\n"
              . "Authorization: Bearer $token\r\n\r\n";
$sock->flush;
my $gone = $cx->http->socket;
print {$gone} "GET /chat/site/messages HTTP/1.1\r\nHost: localhost\r\n"
              . "Authorization: Bearer $token\r\n\r\n";
$gone->flush;
close $gone;
$cx->kill9('redis');
like(scalar <$sock>, qr/ 503 /, 'a request under way is told');
ok($cx->wait_for(10, sub { answer($token)->{status} == 503 }), '... as later');
$cx->start('redis');
ok($cx->wait_for(20, sub { answer($token)->{status} == 200 }),
   'and served again');

my $logs = $cx->logs;
unlike($logs, qr/\Q$token\E|check-out|parking/, 'no token, no text in a log');
$cx->finish;
done_testing();
