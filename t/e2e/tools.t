# Functions that a model may call: what is called, with what, and what the
# model is told; what is refused without a call.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port read_file write_file);
use Connext::Sample qw(json);
use Test::More;

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
my $port = free_port();
my $cx = Connext->new(worker => { 'tools.allow_private' => 'on',
                                  'worker.quiet_cap_ms' => 8000 * $PATIENCE,
                                  'ai.deadline_ms' => 8000 * $PATIENCE });
my $log = $cx->path('functions');
write_file($log, '');
write_file($cx->path('tool_token'), "tool-token-1234\n", 0600);
$cx->launch('functions', [$^X, 't/lib/functions.pl', $port, $log]);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

my $origin = "http://127.0.0.1:$port";
my $customer = 16505558000;


sub function {
    my ($name, %more) = @_;

    return { name => $name, description => "Does $name.",
             url => "$origin/$name", insecure => JSON::PP::true, %more };
}


my %day = (parameters => {
    type => 'object', additionalProperties => JSON::PP::false,
    required => ['day'], properties => {
        day => { type => 'string', pattern => '^\d{4}-\d\d-\d\d$' },
        guests => { type => 'integer', minimum => 1, maximum => 6 },
    } });

$cx->api('PATCH', '/api/v1/agents/desk', { tools => [
    function('rooms', %day, secret_file => $cx->path('tool_token')),
    function('find', %day, method => 'GET', url => "$origin/rooms?from=us"),
    (map { function($_) } qw(text empty large endless taken broken away)),
    function('pay', url => "$origin/text", parameters => {
        type => 'object', properties => { card => { type => 'string' } } }),
    function('slow', timeout_ms => 300),
    function('patient', url => "$origin/slow", timeout_ms => 60000),
    function('outside', url => 'https://functions.invalid/x',
             insecure => JSON::PP::false),
    function('private', url => "https://127.0.0.1:$port/rooms",
             insecure => JSON::PP::false),
] });


sub called {
    return map { json()->decode($_) } read_file($log) =~ /^(.+)\n/mg;
}


# The model wishes these calls, then speaks; what it was told of them.
sub told {
    my (@calls) = @_;

    write_file($log, '');
    $cx->double('POST', '/_/reset');
    $cx->script(
        { match => { kind => 'model' }, times => 1,
          do => { tools => \@calls } },
        { match => { kind => 'model' }, times => -1,
          do => { text => 'That is what I found.' } });
    my $to = ++$customer;
    $cx->say(from => $to, text => 'Which rooms are free?');
    ok($cx->wait_for(10 * $PATIENCE, sub {
        grep { $_->{to} =~ /$to$/ } $cx->ledger }), '... it is answered');
    my @asked = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
    return map { $_->{content} } grep { $_->{role} eq 'tool' }
           @{($asked[-1] // {})->{body}{messages} // []};
}


sub call { return { name => $_[0], arguments => $_[1] // {} } }


my %good = (day => '2026-12-24', guests => 2);

# --- what is called ----------------------------------------------------------

my ($result) = told(call('rooms', \%good));
is_deeply(json()->decode($result),
          { result => { free => ['sea view', 'garden'] } },
          'a function answers the model');
my ($r, @more) = called();
is(scalar @more, 0, 'it is called once');
is("$r->{method} $r->{path}", 'POST /rooms', 'by POST');
is_deeply(json()->decode($r->{body}), \%good, 'with the arguments');
is($r->{headers}{'content-type'}, 'application/json', 'as JSON');
is($r->{headers}{authorization}, 'Bearer tool-token-1234',
   'and the secret of the file');
my ($c) = grep { $_->{phone_masked} =~ /8001$/ }
          @{$cx->api('GET', '/api/v1/conversations')->{data}};
is($r->{headers}{'connext-conversation'}, $c->{id}, 'for this conversation');
is($r->{headers}{'connext-customer'}, $c->{customer},
   'of this customer');
is($r->{headers}{'connext-channel'}, 'wa-main', 'on this channel');
like($r->{headers}{'connext-agent'}, qr/^ag_/, 'of this agent');
like($r->{headers}{'connext-turn'}, qr/^tn_/, 'in this turn');
like($r->{headers}{'idempotency-key'}, qr/^tn_\w+-[0-9a-f]{16}$/,
     'with a key that tells it from others');
is($r->{headers}{'connext-trial'}, undef, 'which is no trial');

($result) = told(call('find', { %good, day => '2026-12-31' }));
like($result, qr/garden/, 'a GET');
($r) = called();
is("$r->{method} $r->{path}", 'GET /rooms', '... is one');
is(join('&', sort split /&/, $r->{query}), 'day=2026-12-31&from=us&guests=2',
   '... with the arguments behind what stood there');
is($r->{headers}{authorization}, undef, '... and no secret of another one');

# The model sees a token, the function what was written, on whatever lines.
write_file($log, '');
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model' }, times => 1,
              do => { tools => [call('pay', { card => '[card-1]' })] } },
            { match => { kind => 'model' }, times => -1,
              do => { text => 'That is what I found.' } });
my $payer = ++$customer;
$cx->say(from => $payer, text => "4111 1111\n1111 1111");
ok($cx->wait_for(10 * $PATIENCE, sub {
    grep { $_->{to} =~ /$payer$/ } $cx->ledger }), 'who pays gets an answer');
($r) = called();
is_deeply(json()->decode(($r // {})->{body} // '{}'),
          { card => '4111 1111 1111 1111' },
          '... and a number on two lines is one text of JSON');

# --- what comes back ---------------------------------------------------------

for my $case (
    ['text', qr/^\{"result":"two lines .*of text"\}$/, 'text, in one line'],
    ['empty', qr/^\{"result":""\}$/, 'nothing'],
    ['large', qr/^\{"result":".{16000,16500}","truncated":true\}$/,
     'too much, cut'],
    ['endless', qr/^\{"error":"[^"]*no complete answer/, 'far too much'],
    ['taken', qr/^\{"error":"[^"]*answered 409","said":"the room is taken by /,
     'a refusal, with what it says'],
    ['broken', qr/^\{"error":"[^"]*answered 500"\}$/, 'a failure'],
    ['away', qr/^\{"error":"[^"]*answered 302"\}$/, 'no other place'],
    ['slow', qr/^\{"error":"[^"]*no complete answer in time/, 'nothing in time'],
) {
    my ($name, $want, $what) = @$case;
    my ($got) = told(call($name));
    like($got, $want, "the model is told: $what");
    is(scalar(() = called()), 1, '... after one call');
}

# --- what is not called ------------------------------------------------------

for my $case (
    [call('nowhere'), qr/there is no such function/, 'an unknown one'],
    [call('rooms', {}), qr/do not fit: needs \\"day\\"/, 'without arguments'],
    [call('rooms', { %good, guests => 7 }), qr{/guests must be at most 6},
     'with too many guests'],
    [call('rooms', { %good, to => '+1650' }), qr/not in its properties/,
     'with a recipient of its own'],
    [call('rooms', '{"day":'), qr/not readable JSON/, 'with broken JSON'],
    [call('rooms', { day => "2026-12-24\r\nX: y" }), qr/must match/,
     'with a line end'],
) {
    my ($call, $want, $what) = @$case;
    my ($got) = told($call);
    like($got, $want, "$what: refused");
    is(scalar(() = called()), 0, '... without a call');
}

like((told(call('private')))[0], qr/no complete answer/,
     'a private address without "insecure"');
is(scalar(() = called()), 0, '... is not called');

my @results = told(map { call('find', { day => "2026-12-0$_" }) } 1 .. 7);
is(scalar(grep { /garden/ } @results), 5, 'five calls a turn');
is(scalar(grep { /no more functions/ } @results), 2, '... the others not');
is(scalar(() = called()), 5, '... and five were made');

# --- what is no longer wanted ---------------------------------------------------

# A newer message: the call is dropped, and the turn is thought about anew.
write_file($log, '');
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model' }, times => 1,
              do => { tools => [call('patient')] } },
            { match => { kind => 'model' }, times => -1,
              do => { text => 'That answers both.' } });
my $to = ++$customer;
$cx->say(from => $to, text => 'Which rooms are free?');
ok($cx->wait_for(10 * $PATIENCE, sub { called() }), 'a call takes its time');
$cx->say(from => $to, text => 'For two of us.');
ok($cx->wait_for(8 * $PATIENCE, sub {
    grep { $_->{to} =~ /$to$/ && $_->{text} eq 'That answers both.' }
        $cx->ledger }), '... and is not waited for when more is said');
is(scalar(grep { $_->{to} =~ /$to$/ } $cx->ledger), 1, '... in one answer');

# --- what a person may set up ------------------------------------------------

my %wrong = (
    'url in clear'      => ['/tools/0/url', url => 'http://x.example/',
                            insecure => JSON::PP::false],
    'a host not listed' => ['/tools/0/url', hosts => ['other.example']],
    'a secret in clear' => ['/tools/0/secret', secret => 's3cr3t'],
    'no such file'      => ['/tools/0/secret_file', secret_file => '/nowhere'],
    'no such credential' => ['/tools/0/credential', credential => 'nobody'],
    'a bad schema'      => ['/tools/0/parameters/properties/a/type',
                            parameters => { type => 'object', properties => {
                                a => { type => 'date' } } }],
);

for my $name (sort keys %wrong) {
    my ($pointer, %tool) = @{$wrong{$name}};
    my $res = $cx->api_raw('worker', 'PATCH', '/api/v1/agents/desk',
        json()->encode({ tools => [function('f', %tool)] }));
    is("$res->{status} "
       . (json()->decode($res->{body})->{errors}[0]{pointer} // ''),
       "400 $pointer", "refused: $name");
}

is(scalar @{$cx->api('GET', '/api/v1/agents/desk')->{tools}}, 14,
   'and nothing of it is kept');

# --- what is told of it ------------------------------------------------------

my @lines = map { json()->decode($_) }
            grep { /"msg":"tool\.call"/ } split /\n/,
            read_file($cx->path('logs/worker.log'));
cmp_ok(scalar @lines, '>=', 20, 'each call is in the log');
is_deeply([sort keys %{{ map { $_->{outcome} => 1 } @lines }}],
          [qw(bad_arguments no_answer ok refused too_many unknown)],
          '... with what came of it');
unlike(read_file($cx->path('logs/worker.log')),
       qr/2026-12-24|sea view|tool-token/,
       '... and nothing of arguments, results or secrets');

$cx->finish;
done_testing;
