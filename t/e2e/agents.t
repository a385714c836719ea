# What an agent is told: the members of its config, who changed them, the way
# back, and questions that are only tried out.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port read_file write_file);
use Connext::Sample qw(json);
use IO::Socket::UNIX;
use MIME::Base64 qw(encode_base64);
use Test::More;

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
my $port = free_port();
my $cx = Connext->new(worker => { 'tools.allow_private' => 'on',
                                  'ai.retries' => 0,
                                  'ai.deadline_ms' => 6000 * $PATIENCE });
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
write_file($cx->path('keys'), 'k1 ' . encode_base64('k' x 32), 0600);
my $log = $cx->path('functions');
write_file($log, '');
$cx->launch('functions', [$^X, 't/lib/functions.pl', $port, $log]);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai');

my $double = "http://127.0.0.1:$cx->{double_port}";


# The status and the first pointer of an answer.
sub tried {
    my ($method, $path, $what) = @_;

    my $res = $cx->api_raw('worker', $method, $path, json()->encode($what));
    my $o = json()->decode($res->{body} || '{}');
    return "$res->{status} " . ($o->{errors}[0]{pointer} // '');
}


sub agent { return $cx->api('GET', '/api/v1/agents/desk') }


sub versions {
    return @{$cx->api('GET', '/api/v1/agents/desk/versions')->{data}};
}


# --- members -----------------------------------------------------------------

my @facts = ({ name => 'Check-in', value => '15:00-22:00', type => 'time' },
             { name => 'Wi-Fi', value => 'casa / 1234' });
my $changed = $cx->api('PATCH', '/api/v1/agents/desk', {
    facts => \@facts, language => 'en', history => 7, images => JSON::PP::true,
    options => { extra => { top_p => 0.9 } }, links => ['example.com'] });
is_deeply($changed->{facts}, \@facts, 'facts');
is_deeply([@$changed{qw(language history images)}], ['en', 7, JSON::PP::true],
          'a text, a number, a flag');
is($changed->{options}{extra}{top_p}, 0.9, 'options of the provider');

$cx->api('PATCH', '/api/v1/agents/desk', { history => undef, threshold => 0.5 });
my $now = agent();
ok(!exists $now->{history}, 'null takes a member away');
is_deeply($now->{facts}, \@facts, '... and leaves the others');
is($now->{threshold}, 0.5, '... a field beside it is changed');

is(tried('PATCH', '/api/v1/agents/desk',
         { facts => [{ name => 'x', value => '3 pm', type => 'time' }] }),
   '400 /facts/0/value', 'what is wrong is pointed at');
is(tried('PATCH', '/api/v1/agents/desk', { options => { top_p => 1 } }),
   '400 /options/top_p', '... also when the provider has to say it');
is(tried('PATCH', '/api/v1/agents/desk', { fact => [] }), '400 /fact',
   'an unknown member');
is(tried('POST', '/api/v1/agents', { name => 'two', mask => 'no' }),
   '400 /mask', '... also of a new agent');
is_deeply(agent(), $now, 'nothing of that is kept');
is(tried('PATCH', '/api/v1/agents/desk',
         { fallbacks => [{ provider => 'openai', model => 'm',
                           credential => 'spare' }] }),
   '400 /fallbacks/0/credential', 'a credential that is not there');
is(tried('PATCH', '/api/v1/agents/desk',
         { credentials => { spear => 'canary-spare-key' } }),
   '400 /credentials', '... and one that nothing names');
$cx->api('PATCH', '/api/v1/agents/desk',
         { fallbacks => [{ provider => 'openai', model => 'spare',
                           base_url => "$double/spare/v1",
                           credential => 'spare' }],
           credentials => { spare => 'canary-spare-key' } });
is(agent()->{fallbacks}[0]{credential}, 'spare', '... and one that is');
ok(agent()->{credentials}{spare}{set}, '... is sealed');

# --- versions ----------------------------------------------------------------

my @versions = versions();
is(scalar @versions, 4, 'each change is a version, the first one too');
is($versions[0]{number}, 4, 'the newest first');
ok($versions[0]{created_at} >= $versions[1]{created_at} && $versions[0]{who} ne '',
   'when, and by whom');
my $first = $cx->api('GET', '/api/v1/agents/desk/versions/1')->{agent};
ok(!exists $first->{facts} && $first->{provider} eq 'openai'
   && $first->{threshold} == 0, 'the first one, whole');
my $page = $cx->api('GET', '/api/v1/agents/desk/versions?limit=3');
is_deeply([map { $_->{number} } @{$page->{data}}], [4, 3, 2], 'a page');
is_deeply([map { $_->{number} } @{$cx->api('GET',
    "/api/v1/agents/desk/versions?limit=3&cursor=$page->{next_cursor}")
    ->{data}}], [1], 'the next one');
is($cx->api_raw('worker', 'GET', "/api/v1/agents/desk/versions/$_")->{status},
   404, "no version $_") for 0, 99, 'x', '-1';
is($cx->api_raw('worker', 'GET', '/api/v1/agents/none/versions')->{status},
   404, 'no such agent');

my $back = $cx->api('POST', '/api/v1/agents/desk/versions/2/restore');
is_deeply([@$back{qw(facts history threshold)}], [\@facts, 7, 0],
          'back to a version');
ok(!exists $back->{fallbacks}, '... whole');
is((versions())[0]{number}, 5, '... which is a new one');
is($cx->api('GET', '/api/v1/agents/desk/versions/5')->{agent}{history}, 7,
   '... with all of it');

my %whole = (name => 'desk', prompt => 'You are the desk.', threshold => 0.2);
$cx->api('PUT', '/api/v1/agents/desk', \%whole);
$now = agent();
ok($now->{provider} eq 'knowledge' && !exists $now->{facts}
   && $now->{threshold} == 0.2, 'PUT replaces all of it');
is(tried('PUT', '/api/v1/agents/desk', { prompt => 'x' }), '400 /name',
   '... and wants the whole');
unlike(join('', map { json()->encode($cx->api('GET',
           "/api/v1/agents/desk/versions/$_")) } 1 .. 6), qr/canary-spare/,
       'no secret is in a version');
ok((grep { $_->{what} eq 'agent.change' }
        @{$cx->api('GET', '/api/v1/audit')->{data}}),
   'changes are in the audit');

# --- asking: the built-in answerer --------------------------------------------

my $sends = () = $cx->ledger;


sub asked {
    my ($question) = @_;

    return $cx->api('POST', '/api/v1/agents/desk/ask',
                    { question => $question });
}


sub settled {
    my ($how) = @_;

    return $cx->wait_for(10 * $PATIENCE, $how);
}


ok(settled(sub { asked('When is check-in?')->{model} eq 'knowledge' }),
   'the engine knows the change');
my $a = asked('When is check-in?');
like($a->{answer}, qr/15:00/, 'from knowledge');
is($a->{decision}, 'send', '... which would be sent');
cmp_ok($a->{confidence}, '>=', 0.2, '... as its confidence says');
my ($used) = grep { $_->{used} } @{$a->{sources}};
is($used->{source}, 'faq.csv', '... with its source');
is(asked('Do you like Mozart?')->{decision}, 'handoff',
   'what nobody knows would go to a person');
is(tried('POST', '/api/v1/agents/desk/ask', {}), '400 /question',
   'nothing is no question');

# Knowledge is searched as for a customer: by meaning, too, when that is set.
$cx->api('PATCH', '/api/v1/agents/desk', {
    embed_url => "$double/v1", embed_model => 'small',
    embed_credential => 'spare' });
ok(settled(sub {
    asked('When is check-in?');
    grep { $_->{path} =~ m{/embeddings$}
           && ($_->{body}{input}[0] // '') =~ /^When is check-in/ }
        @{$cx->double('GET', '/_/requests')->{requests}} }),
   'a question is searched by its meaning, too');
like(asked('When is check-in?')->{answer}, qr/15:00/, '... and answered');

# --- asking: models, fallbacks, functions ------------------------------------

$cx->api('PUT', '/api/v1/agents/desk', {
    name => 'desk', provider => 'openai', model => 'first',
    base_url => "$double/first/v1", api_key_file => $cx->path('api_key'),
    threshold => 0, facts => \@facts,
    fallbacks => [{ provider => 'openai', model => 'spare',
                    base_url => "$double/spare/v1", credential => 'spare' }],
    tools => [
        { name => 'rooms', description => 'Free rooms.', method => 'GET',
          url => "http://127.0.0.1:$port/rooms",
          insecure => JSON::PP::true },
        { name => 'book', description => 'Books a room.',
          url => "http://127.0.0.1:$port/taken",
          insecure => JSON::PP::true }] });
$cx->script({ match => { kind => 'model', path => '/first/' }, times => -1,
              do => { error => 'auth' } },
            { match => { kind => 'model', path => '/spare/' }, times => 1,
              do => { tools => [{ name => 'rooms', arguments => {} },
                                { name => 'book', arguments => {} }] } },
            { match => { kind => 'model', path => '/spare/' }, times => -1,
              do => { text => 'The sea view is free.' } });
ok(settled(sub { ($a = asked('Which room is free?'))->{answer}
                 =~ /sea view is free/ }), 'a model that stands in answers');
$a = asked('Which room is free?');
is_deeply([map { "$_->{model} $_->{outcome}" } @{$a->{calls}}],
          ['first refused', 'spare ok'], 'who was asked, and what came of it');
my ($request) = grep { $_->{path} =~ m{^/spare/} }
    @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
is($request->{authorization}, 'Bearer canary-spare-key',
   '... with the sealed key');

$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model', path => '/first/' }, times => 1,
              do => { tools => [{ name => 'rooms', arguments => {} },
                                { name => 'book', arguments => {} }] } },
            { match => { kind => 'model' }, times => -1,
              do => { text => 'The garden is free, the Wi-Fi is casa.' } });
write_file($log, '');
$a = asked('Which room is free?');
is($a->{answer}, 'The garden is free, the Wi-Fi is casa.', 'an answer');
is_deeply([map { $_->{name} } @{$a->{tools}}], ['rooms', 'book'],
          'with what functions said');
like($a->{tools}[0]{result}, qr/garden/, '... a GET is called');
like($a->{tools}[1]{result}, qr/only tries out/, '... a POST is not');
my @called = map { json()->decode($_) } read_file($log) =~ /^(.+)\n/mg;
is(scalar @called, 1, '... really');
is($called[0]{headers}{'connext-trial'}, 'true', '... and is told of it');
is($called[0]{headers}{'connext-customer'}, undef, '... for no customer');
($request) = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
like(json()->encode($request->{body}), qr/casa \/ 1234/,
     'the model has the facts');

# --- connextctl ----------------------------------------------------------------

my ($rc, $out) = $cx->ctl('agents', 'ask', 'desk', 'Which room is free?');
is($rc, 0, 'connextctl agents ask');
like($out, qr/^The garden is free, the Wi-Fi is casa\.\n\nwould .*threshold/,
     '... says the answer, and what would become of it');
like($out, qr/^model \S+, \d+ tokens in/m, '... and what it took');
($rc, $out) = $cx->ctl('agents', 'ask', 'desk', 'When is check-in?',
                       '--show-sources');
like($out, qr/faq\.csv/, '--show-sources');
like($out, qr/OUTCOME/, '... shows the calls, too');
($rc, $out) = $cx->ctl('agents', 'ask', 'desk', 'Which room is free?',
                       '--stream');
like($out, qr/^The garden is free, the Wi-Fi is casa\.\n\nwould .*threshold/,
     '--stream says it in pieces, and once');
($rc, $out) = $cx->ctl('agents', 'ask', 'nobody', 'Is there a pool?',
                       '--stream');
is($rc, 5, '... and an error as ever') or diag($out);
my $events = $cx->api_raw('worker', 'POST', '/api/v1/agents/desk/ask',
    json()->encode({ question => 'Which room is free?',
                     stream => JSON::PP::true }));
is($events->{headers}{'content-type'}, 'text/event-stream',
   'a stream is one of events');
my @events = $events->{body} =~ /^event: (\w+)\ndata: .*\n\n/mg;
is($events[-1], 'answer', '... the last one is the answer');
cmp_ok(scalar(grep { $_ eq 'delta' } @events), '>=', 1, '... after pieces');
my @pieces = map { json()->decode($_)->{text} }
             $events->{body} =~ /^event: delta\ndata: (.*)$/mg;
is(join('', @pieces), 'The garden is free, the Wi-Fi is casa.',
   '... which make it up');

# Whoever hangs up in the middle takes nothing with them.
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model' }, times => 3,
              do => { text => 'one two three four five', pause_ms => 200 } },
            { match => { kind => 'model' }, times => -1,
              do => { text => 'Still here.' } });
for my $wait (0, 1, 1) {
    my $s = IO::Socket::UNIX->new(Peer => $cx->path('worker.sock'))
        or die "socket: $!\n";
    my $body = json()->encode({ question => 'Which room is free?',
                                stream => JSON::PP::true });
    syswrite $s, "POST /api/v1/agents/desk/ask HTTP/1.1\r\nHost: x\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($body) . "\r\n\r\n$body";
    sysread $s, my $some, 100 if $wait;
    close $s;
}
ok(settled(sub { asked('Which room is free?')->{answer} eq 'Still here.' }),
   'who hangs up takes nothing with them');

($rc, $out) = $cx->ctl('agents', 'versions', 'desk');
like($out, qr/^N .*\n8  \d{4}-\d\d-\d\d /, 'agents versions');
($rc, $out) = $cx->ctl('agents', 'version', 'desk', '2');
is(json()->decode($out)->{history}, 7, 'agents version');
write_file($cx->path('agent.json'), $out);
($rc, $out) = $cx->ctl('agents', 'update', 'desk', '--file',
                       $cx->path('agent.json'), '--threshold', '0.7');
is($rc, 0, 'agents update --file') or diag($out);
is_deeply([@{agent()}{qw(history threshold)}], [7, 0.7],
          '... takes members from it, and flags win');
($rc, $out) = $cx->ctl('agents', 'restore', 'desk', '6');
is(agent()->{threshold}, 0.2, 'agents restore');

# --- nothing has happened -------------------------------------------------------

is(scalar(() = $cx->ledger), $sends, 'nothing was sent');
is_deeply($cx->api('GET', '/api/v1/conversations')->{data}, [],
          'no conversation was begun');
$cx->api('DELETE', '/api/v1/channels/wa-main');
$cx->api('DELETE', '/api/v1/agents/desk');
is($cx->api_raw('worker', 'GET', '/api/v1/agents/desk/versions')->{status},
   404, 'versions go with their agent');
# --- a worker that stops ---------------------------------------------------------

$cx->api('POST', '/api/v1/agents', {
    name => 'slow', provider => 'openai', model => 'slow',
    base_url => "$double/slow/v1" });
my $body = json()->encode({ question => 'Is there a pool?' });
ok(settled(sub { $cx->api_raw('worker', 'POST', '/api/v1/agents/slow/ask',
                              $body)->{status} == 200 }),
   'an agent is known soon');
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model', path => '/slow/' }, times => -1,
              do => { act => 'hang_before' } });
my $s = IO::Socket::UNIX->new(Peer => $cx->path('worker.sock'))
    or die "socket: $!\n";
syswrite $s, "POST /api/v1/agents/slow/ask HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: application/json\r\nContent-Length: "
    . length($body) . "\r\n\r\n$body";
ok(settled(sub { grep { $_->{path} =~ m{^/slow/} }
    @{$cx->double('GET', '/_/requests?kind=model')->{requests}} }),
   'a model is asked, and says nothing');
$cx->stop('worker');
sysread $s, my $answer, 4096;
like($answer // '', qr/^HTTP\S+ 503 |^$/, 'the worker does not wait for it');

unlike($cx->logs, qr/canary-|casa|15:00|Mozart/,
       'no question, answer, fact or secret is in a log');

$cx->finish;
done_testing;
