# The website chat: who may ask, who is who, a question and its answer by the
# stream, what a page that comes back has missed.

use strict;
use warnings;

use Connext;
use Connext::Chat qw(chat ask request jwt open_stream read_events published
                     $PAGE $SECRET);
use Test::More;

my $cx = chat()->start(qw(redis nginx worker));
$cx->api('POST', '/api/v1/agents', { name => 'desk', provider => 'knowledge',
                                     threshold => 0.3, handoff => 'Later.' });
$cx->knowledge('desk', 'faq.csv', $Connext::FAQ);
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });


sub status {
    return request($cx, @_)->{status};
}


# --- origins -----------------------------------------------------------------

for my $case (
    [$PAGE, 200], ['https://a.example.org', 200],
    ['https://b.a.example.org', 200], ['https://example.org', 403],
    ['http://a.example.org', 403], ['https://a.example.org.evil.com', 403],
    ['https://evilexample.org', 403], ['http://shop.example.com', 403],
    ['https://shop.example.com:444', 403], ['https://shop.example.com/', 403],
    ['https://evil.com#.example.org', 403], ['null', 403], ['', 403],
    [undef, 403],
) {
    my ($origin, $expected) = @$case;
    my $res = request($cx, 'POST', 'session', {}, Origin => $origin);
    my $name = $origin // 'none';

    is($res->{status}, $expected, "origin $name: $expected");
    is($res->{headers}{'access-control-allow-origin'},
       $expected == 200 ? $origin : undef, '... echoed if it may');
    is($res->{headers}{vary}, 'Origin', '... and the answer varies by it');
}

is(status('POST', '/chat/other/session', {}, Origin => 'null'), 403,
   'null is not any');
is(status('POST', '/chat/other/session', {}, Origin => 'https://x.y'), 200,
   'any is');

my $res = request($cx, 'OPTIONS', 'messages', '');
is($res->{status}, 204, 'preflight');
is($res->{headers}{'access-control-allow-headers'},
   'authorization, content-type, last-event-id', 'which headers');
is($res->{headers}{'access-control-allow-methods'}, 'GET, POST', 'methods');
is(status('OPTIONS', 'messages', '', Origin => 'https://evil.com'), 403,
   'not for others');

# --- methods and places ------------------------------------------------------

is(status('GET', $_), 405, "GET $_") for qw(session ticket);
is(status('GET', 'messages'), 401, 'GET messages without a token');
is(status('POST', 'stream', {}), 405, 'POST stream');
is(status('POST', $_, {}), 404, "no \"$_\"") for '', 'x', 'session/',
                                                 'messages2';

# --- tokens ------------------------------------------------------------------

my $session = ask($cx, 'session');
like($session->{session}, qr/^[0-9a-f]{32}$/, 'a session of 128 bits');
is($session->{expires_in}, 30 * 86400, 'for 30 days');
my $token = $session->{token};


sub bearer {
    return (Authorization => "Bearer $_[0]");
}


my $n = 0;
my $hi = sub { { id => 'c-' . $n++, text => 'Do you rent out boats?' } };
my $events = $cx->count('in');

is(status('POST', 'messages', $hi->()), 401, 'no token');
is(status('POST', 'messages', $hi->(), Authorization => "Basic $token"), 401,
   'no bearer');
is(status('POST', '/chat/other/messages', $hi->(), bearer($token)), 401,
   'of another channel');

my $accepted = 0;
for my $i (0 .. length($token) - 1) {
    my $bad = $token;
    substr($bad, $i, 1) = substr($bad, $i, 1) eq 'A' ? 'B' : 'A';
    $accepted++ if status('POST', 'messages', $hi->(), bearer($bad)) != 401;
}
is($accepted, 0, 'no character may change');

my $ticket = ask($cx, 'ticket', undef, $token)->{ticket};
is(status('POST', 'messages', $hi->(), bearer($ticket)), 401,
   'a ticket is no token');
is(open_stream($cx, "stream?ticket=$token")->{status}, 401,
   'a token is no ticket');
is($cx->count('in'), $events, 'nothing of that is in the queue');

is(ask($cx, 'session', { token => $token })->{session}, $session->{session},
   'a token is renewed');
isnt(ask($cx, 'session', { token => 'x' })->{session}, $session->{session},
     'a bad one is somebody new');
is(status('POST', 'session', '{"token":'), 400, 'no JSON');
is(status('POST', 'messages', $_, bearer($token)), 400, "refused: $_")
    for '{}', '[]', '{"id":"a b","text":"x"}', '{"id":"a","text":""}';

# --- who a visitor is --------------------------------------------------------

my $soon = time + 300;
my $ana = ask($cx, 'session', { token => $token, identity =>
              jwt({ sub => '42', name => 'Ana', exp => $soon }) });
is($ana->{session}, 'u:42', 'a proven user');

for my $case (
    ['another key', jwt({ sub => '42', exp => $soon }, key => $SECRET)],
    ['alg none', jwt({ sub => '42', exp => $soon },
                     head => { alg => 'none' })],
    ['expired', jwt({ sub => '42', exp => time - 61 })],
    ['no exp', jwt({ sub => '42' })],
    ['exp too far', jwt({ sub => '42', exp => time + 7200 })],
    ['for another site', jwt({ sub => '42', exp => $soon, aud => 'x' })],
) {
    is(status('POST', 'session', { identity => $case->[1] }), 401,
       "no proof: $case->[0]");
}

is(status('POST', 'session', { token => $ana->{token}, identity =>
          jwt({ sub => '43', exp => $soon }) }), 409,
   'a session stays with the user who proved it');

# --- a question, its answer --------------------------------------------------

my $stream = open_stream($cx, 'stream', bearer($token));
is($stream->{status}, 200, 'a stream');
like($stream->{head}, qr{^Content-Type: text/event-stream}mi, 'of events');
like($stream->{head}, qr/^Access-Control-Allow-Origin: \Q$PAGE\E/mi,
     'for this page');
my ($ready) = read_events($stream, 1, names => qr/^ready$/);
is($ready->{id}, '0-0', 'it has begun');
my $second = open_stream($cx, 'stream', bearer($token));

my $first = ask($cx, 'messages', { id => 'q-1', text => 'When is check-out?' },
                $token);
like($first->{event}, qr/^ev_/, 'safe: the event\'s id');
is_deeply(ask($cx, 'messages', { id => 'q-1',
                                 text => 'When is check-out?' }, $token),
          { duplicate => JSON::PP::true() }, 'a repeat is a duplicate');

my ($answer) = read_events($stream, 1, names => qr/^message$/);
like($answer->{data}{text}, qr/11:00/, 'the answer');
is($answer->{data}{author}, 'ai', 'of the AI');
like($answer->{data}{id}, qr/^ms_/, 'has an id');
is_deeply([read_events($second, 1, names => qr/^message$/)], [$answer],
          'in both tabs');

# The same id of another visitor is another message.
my $other = ask($cx, 'session')->{token};
ok(ask($cx, 'messages', { id => 'q-1', text => 'Is there parking?' },
       $other)->{event}, 'ids are of one visitor');


sub conversation {
    my ($text) = @_;

    for my $c (@{$cx->api('GET', '/api/v1/conversations')->{data}}) {
        my @m = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                      ->{data}};
        return @m if grep { ($_->{text} // '') eq $text } @m;
    }

    return;
}


my @m = conversation('When is check-out?');
is_deeply([map { $_->{direction} } @m], ['in', 'out'], 'on record, once');

# Another visitor cannot say so.
ask($cx, 'messages', { type => 'read', id => $answer->{data}{id} }, $other);
ask($cx, 'messages', { type => 'read', id => $answer->{data}{id} }, $token);
ok($cx->wait_for(10, sub {
    (conversation('When is check-out?'))[-1]{state} eq 'read';
}), 'the page says that it was read');
is_deeply(ask($cx, 'messages', { type => 'typing' }, $token), {}, 'typing');

# --- pages that come back ----------------------------------------------------

my ($key) = map { @{$cx->redis('KEYS', $_)} } 'cx:{*}:push';
($key) = grep { $cx->redis('XRANGE', $_, $answer->{id}, $answer->{id})->[0] }
         @{$cx->redis('KEYS', 'cx:{*}:push')};
my ($tag) = $key =~ /\{(.*)\}/;

close $second->{sock};
published($cx, $key, "ms_x$_", 'message', { n => $_ }) for 1 .. 250;
my @live = read_events($stream, 250);
is_deeply([map { $_->{data}{n} } @live], [1 .. 250], 'live, in order');

is(published($cx, $key, 'ms_x250', 'message', { n => 250 }, 'yes'),
   $live[-1]{id}, 'a push is done once');

my $back = open_stream($cx, 'stream', bearer($token),
                       'Last-Event-ID' => $live[99]{id});
my @missed = read_events($back, 150);
is_deeply([map { $_->{data}{n} } @missed], [101 .. 250],
          'what was missed, and nothing else');
$cx->redis('PUBLISH', "cx:push:$tag", '- delta {"text":"He"}');
published($cx, $key, 'ms_y', 'message', { n => 251 });
is_deeply([map { [$_->{event}, $_->{id}] } read_events($back, 2)],
          [['delta', undef], ['message', (read_events($stream, 2))[1]{id}]],
          'a delta has no id, the message has');

my $old = open_stream($cx, 'stream', bearer($token), 'Last-Event-ID' => '1-1');
is((read_events($old, 1))[0]{event}, 'reset', 'away for too long');
close $old->{sock};

# --- tickets -----------------------------------------------------------------

my $by_ticket = open_stream($cx, "stream?ticket=$ticket&last_event_id="
                                 . $live[248]{id});
is($by_ticket->{status}, 200, 'a stream by ticket');
is((read_events($by_ticket, 1))[0]{data}{n}, 250, 'from there on');
is(open_stream($cx, "stream?ticket=$ticket")->{status}, 401,
   'a ticket opens one stream');
unlike(Connext::Process::read_file($cx->path('logs/access.log')),
       qr/\Q$ticket\E/, 'and is in no log');

# --- limits ------------------------------------------------------------------

# Streams that nginx holds.
sub held {
    return request($cx, 'GET', '/connext/metrics', '')->{body}
           =~ /^connext_widget_streams (\d+)$/m ? $1 : -1;
}


my @tabs = map { open_stream($cx, 'stream', bearer($token)) } 1 .. 5;
is(open_stream($cx, 'stream', bearer($token))->{status}, 429,
   'eight streams of one visitor');
is(held(), 8, 'which are counted');
close $_->{sock} for @tabs;
$cx->wait_for(10, sub { held() == 3 });

# A page that does not read is cut, not waited for.
my $slow = open_stream($cx, 'stream', bearer($other));
read_events($slow, 1, names => qr/^ready$/);
my ($slow_key) = grep { $_ ne $key } @{$cx->redis('KEYS', 'cx:{*}:push')};
my $held = held();
for my $i (1 .. 400) {
    published($cx, $slow_key, "ms_s$i", 'delta', { text => 'x' x 60000 });
}
ok($cx->wait_for(10, sub { held() < $held }), 'who does not read is cut');
read_events($slow, 1000, seconds => 10);
ok($slow->{closed}, '... and finds that out');
cmp_ok($cx->rss, '<', 200_000, 'nginx has not kept it all');

# --- Redis goes and comes ----------------------------------------------------

$cx->stop('redis');
is(status('POST', 'messages', $hi->(), bearer($token)), 503, 'no Redis: 503');
is(status('POST', 'session', {}), 200, 'a session needs none');
$cx->start('redis');
published($cx, $key, 'ms_z', 'message', { n => 252 });
is_deeply([map { $_->{data}{n} } read_events($stream, 1, seconds => 20)],
          [252], 'a stream outlives a restart of Redis, nothing is missed');

ok($cx->wait_for(10, sub { status('GET', '/connext/ready', '') == 200 }),
   'messages are taken again');

# --- simulate ----------------------------------------------------------------

my @simulate = ('simulate', 'webchat', '--channel', 'site', '--secret-file',
                $cx->path('site_secret'), '--origin', $PAGE);
my ($rc, $said) = $cx->ctl(@simulate, '--wait', '--text',
                           'When is check-in?');
is($rc, 0, 'simulate webchat');
like($said, qr/15:00/, 'prints the answer') || diag $said;
is(($cx->ctl(@simulate, '--bad-signature'))[0], 0, 'a wrong key: 401');
is(($cx->ctl(@simulate, '--no-signature'))[0], 0, 'none: 401');

# --- what the logs hold ------------------------------------------------------

my $logs = $cx->logs;
unlike($logs, qr/canary|\Q$token\E|check-out|boats/,
       'no secret, no token, no text in a log');

$cx->finish;
done_testing();
