# An answer appears on the page while it is made; what the gate holds back is
# taken back.

use strict;
use warnings;

use Connext;
use Connext::Chat qw(chat ask open_stream read_events);
use Connext::Process qw(write_file);
use Test::More;

my $cx = chat(worker => {
    'worker.quiet_cap_ms' => 8000,
    'ai.first_token_ms'   => 2000,
})->start(qw(redis nginx double worker));

write_file($cx->path('api_key'), "canary-api-key\n", 0600);
$cx->api('POST', '/api/v1/agents', {
    name => 'desk', provider => 'openai', model => 'double',
    base_url => "http://127.0.0.1:$cx->{double_port}/v1",
    api_key_file => $cx->path('api_key'), threshold => 0,
    handoff => 'I will ask a colleague.', stream => JSON::PP::true() });
$cx->api('POST', '/api/v1/channels', { name => 'site', type => 'webchat',
                                       account => 'site', agent => 'desk' });

my $n = 0;


# A page: its stream, and how it writes.
sub page {
    my $token = ask($cx, 'session')->{token};
    my $stream = open_stream($cx, 'stream', Authorization => "Bearer $token");
    read_events($stream, 1, names => qr/^ready$/);
    return { token => $token, stream => $stream };
}


sub says {
    my ($page, $text) = @_;

    ask($cx, 'messages', { id => 'q-' . ++$n, text => $text },
        $page->{token});
}


# Events of an answer, until one of that name.
sub until_event {
    my ($page, $name) = @_;

    my @got;
    while (my ($e) = read_events($page->{stream}, 1, seconds => 15,
                                 names => qr/^(?:delta|message|retract)$/)) {
        push @got, $e;
        return @got if $e->{event} eq $name;
    }

    return @got;
}


sub pieces {
    return grep { $_->{event} eq 'delta' } @_;
}


sub model_says {
    my (%do) = @_;

    $cx->double('POST', '/_/reset');
    $cx->script({ match => { kind => 'model' }, times => delete $do{times} // -1,
                  do => { first_ms => 20, pause_ms => 40, %do } });
}


# --- as it comes -------------------------------------------------------------

my $page = page();
my $long = 'The house has three rooms, and a garden behind it.';

model_says(text => $long);
says($page, 'What is it like?');
my @events = until_event($page, 'message');
my @deltas = pieces(@events);
cmp_ok(scalar @deltas, '>=', 3, 'an answer comes in pieces');
is(join('', map { $_->{data}{text} } @deltas), $long, '... which are all of it');
is(scalar(grep { $_->{data}{first} } @deltas), 1, '... one begins it');
ok($deltas[0]{data}{first}, '... the first');
ok(!grep({ defined $_->{id} } @deltas), '... none has an id');
is($events[-1]{data}{text}, $long, 'the message replaces them');
ok(defined $events[-1]{id}, '... and has one');

# --- what nobody may see -----------------------------------------------------

model_says(text => "<think>They want to know of 42 dogs.</think>\n\n$long");
says($page, 'And now?');
@events = until_event($page, 'message');
unlike(join('', map { $_->{data}{text} } @events), qr/think|dogs/,
       'thoughts are not shown');
like(join('', map { $_->{data}{text} } pieces(@events)), qr/three rooms/,
     '... what follows them is');

# The double repeats what it was given: a token, which becomes the number.
$cx->double('POST', '/_/reset');
says($page, 'Is GB29 NWBK 6016 1331 9268 19 my account?');
@events = until_event($page, 'message');
my $piece = join '', map { $_->{data}{text} } pieces(@events);
my ($asked) = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
unlike($asked->{body}{messages}[-1]{content}, qr/9268/,
       'the model does not see the number');
like($piece, qr/GB29 NWBK 6016 1331 9268 19/, 'the page does, in the pieces');
unlike($piece, qr/\[iban/, '... and no token');
like($events[-1]{data}{text}, qr/GB29 NWBK 6016 1331 9268 19/,
     '... and in the message');

# --- once more ---------------------------------------------------------------

model_says(text => $long, act => 'truncated', times => 1, after => 4);
$cx->script({ match => { kind => 'model' }, do => { text => $long } });
says($page, 'Can you break?');
@events = until_event($page, 'message');
is(scalar(grep { $_->{data}{first} } @events), 2,
   'a stream that broke begins again');
is($events[-1]{data}{text}, $long, '... and comes to its end');

# --- taken back --------------------------------------------------------------

model_says(text => $long);
$cx->script({ match => { kind => 'model' }, do => { text => 'Both.' } });
my $other = page();
says($other, 'One thing');
ok((pieces(until_event($other, 'delta')))[0], 'pieces come');
model_says(text => 'To both.');
says($other, 'and another');
@events = until_event($other, 'retract');
is($events[-1]{event}, 'retract', 'a newer message takes them back');
@events = until_event($other, 'message');
is($events[-1]{data}{text}, 'To both.', '... and gets the answer');

$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 1 });
model_says(text => 'We have nine pools with golden taps for 777 euros.');
my $third = page();
says($third, 'How many pools are there?');
@events = until_event($third, 'retract');
ok(scalar(pieces(@events)), 'an unsure answer comes in pieces, too');
is($events[-1]{event}, 'retract', '... and is taken back when it is held');
ok($cx->wait_for(10, sub {
    grep { $_->{draft} =~ /golden/ }
    @{$cx->api('GET', '/api/v1/reviews')->{data}};
}), '... for a person');

# --- who does not want that --------------------------------------------------

$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 0,
                                           stream => JSON::PP::false() });
model_says(text => $long);
my $fourth = page();
says($fourth, 'In one piece?');
@events = until_event($fourth, 'message');
is(scalar(pieces(@events)), 0, 'without "stream" nothing comes before the gate');
is($events[-1]{data}{text}, $long, '... and then all of it');

unlike($cx->logs, qr/golden|three rooms|NWBK/, 'no text in a log');

$cx->finish;
done_testing();
