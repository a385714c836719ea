# A model's outage is not the customer's: fallbacks within the deadline,
# retries, breakers, and calls that are no longer wanted.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(time);

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 5 : 1;
my $DEADLINE = 6 * $PATIENCE;

my $cx = Connext->new(worker => {
    'worker.quiet_cap_ms' => 8000,
    'ai.timeout_ms'       => 5000 * $PATIENCE,
    'ai.deadline_ms'      => 1000 * $DEADLINE,
    'ai.first_token_ms'   => 500 * $PATIENCE,
    'ai.retries'          => 1,
    'ai.breaker_open_ms'  => 1500 * $PATIENCE,
    'ai.breaker_calls'    => 1000,
})->start(qw(redis nginx double worker));

my $origin = "http://127.0.0.1:$cx->{double_port}";
my $customer = 16505557000;


sub model {
    my ($name) = @_;

    return (provider => 'openai', base_url => "$origin/$name/v1",
            model => $name, api_key_file => $cx->path('api_key'));
}


$cx->set_up(provider => 'openai', no_knowledge => 1,
            agent => { model('first') });
$cx->api('PATCH', '/api/v1/agents/desk', { fallbacks => [{ model('second') }] });
$cx->script({ match => { kind => 'model', path => '/second/' }, times => -1,
              do => { text => 'The second one speaks.' } });


# Rules for the first model alone; the newest goes first.
sub first_does {
    my ($do, $times, $text) = @_;

    $cx->double('POST', '/_/reset');
    $cx->script({ match => { kind => 'model', path => '/first/',
                             defined $text ? (text => $text) : () },
                  times => $times // -1, do => $do },
                { match => { kind => 'model', path => '/second/' },
                  times => -1, do => { text => 'The second one speaks.' } });
}


# Requests of models as the double had them, oldest first.
sub asked {
    my ($name) = @_;

    return grep { $_->{path} =~ m{^/$name/} }
           @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
}


# A new customer asks; what was sent, and after how many seconds.
sub answer {
    my ($text, $from) = @_;

    my $since = time;
    $from //= ++$customer;
    $cx->say(from => $from, text => $text);
    my $sent = $cx->wait_for($DEADLINE + 10, sub {
        my ($s) = grep { $_->{to} =~ /$from$/ } $cx->ledger;
        $s;
    });
    return ($sent ? $sent->{text} : '', time - $since);
}


sub health {
    my ($name) = @_;

    my ($m) = grep { $_->{base_url} =~ m{/$name/} }
              @{$cx->api('GET', '/api/v1/status')->{models}};
    return $m // {};
}


# --- fallbacks ---------------------------------------------------------------

for my $case (
    ['says nothing', { act => 'hang_before' }],
    ['says hello and nothing else', { first_ms => 60000 * $PATIENCE }],
    ['stops in the middle', { text => 'one two three four five six',
                              act => 'half_then_hang' }],
    ['hangs up', { act => 'close_before' }],
    ['is overloaded', { error => 'busy' }],
    ['fails in the middle', { text => 'one two three four', error => 'server',
                              after => 2 }],
    ['breaks off', { text => 'one two three four', act => 'truncated' }],
    ['speaks no JSON', { text => 'one two', act => 'bad_json' }],
) {
    my ($name, $do) = @$case;

    first_does($do);
    my ($text, $seconds) = answer("The first one $name?");
    is($text, 'The second one speaks.', "the first one $name");
    cmp_ok($seconds, '<', $DEADLINE, '... answered within the deadline');
    first_does({ text => 'Fine.' });
    is((answer('And now?'))[0], 'Fine.', '... and is asked again');
}

first_does({ error => 'auth' });
is((answer('Which key?'))[0], 'The second one speaks.',
   'a refusal goes to the next one');
is(scalar asked('first'), 1, '... at once');

# --- retries -----------------------------------------------------------------

first_does({ status => 503, headers => { 'Retry-After' => '1' } }, 1);
is((answer('Are you busy?'))[0], 'echo: Are you busy?',
   'one that will be back soon is waited for');
my @times = map { $_->{at_ms} } asked('first');
is(scalar @times, 2, '... and asked twice');
cmp_ok($times[1] - $times[0], '>=', 1000, '... not before it said');

first_does({ status => 503, headers => { 'Retry-After' => '600' } }, 1);
is((answer('Are you very busy?'))[0], 'The second one speaks.',
   'one that will not is not');
is(scalar asked('first'), 1, '... asked again');

# The prompt was too long: half of what was said stays away.
first_does({ text => 'Yes.' });
for my $n (1 .. 3) {
    my $before = $cx->ledger;
    $cx->say(from => 16505557900, text => "Question $n");
    $cx->wait_for(10, sub { $cx->ledger >= $n });
}
first_does({ error => 'too_long' }, 1, 'Question 4');
is((answer('Question 4', 16505557900))[0], 'echo: Question 4',
   'a prompt that was too long is shortened');
my @sizes = map { scalar @{$_->{body}{messages}} } asked('first');
cmp_ok($sizes[1], '<', $sizes[0], '... by what was said');

# --- nobody is left ----------------------------------------------------------

first_does({ act => 'hang_before' });
$cx->script({ match => { kind => 'model' }, times => -1,
              do => { act => 'hang_before' } });
$cx->api('PATCH', '/api/v1/agents/desk', { fallbacks => [] });
$cx->wait_for(10, sub { health('first')->{breaker} eq 'closed' });
my ($text, $seconds) = answer('Is anybody there?');
is($text, 'I will ask a colleague.', 'the built-in answerer comes last');
cmp_ok($seconds, '<', $DEADLINE + 2, '... within the deadline');

# --- the breaker -------------------------------------------------------------

$cx->api('PATCH', '/api/v1/agents/desk',
         { fallbacks => [{ model('second') }] });
first_does({ error => 'server' });
my $opened;
for (1 .. 5) {
    answer('Are you out of order?');
    $opened = health('first')->{breaker} eq 'open' and last;
}
ok($opened, 'failures open the breaker') or diag explain health('first');
ok($cx->logs =~ /"event":"breaker"|event=breaker|breaker/, '... which is told');

first_does({ text => 'I am back.' });
is((answer('Are you there?'))[0], 'The second one speaks.',
   'the next one is not asked twice');
is(scalar asked('first'), 0, '... the broken one not at all');
cmp_ok(health('first')->{not_asked}, '>', 0, '... which is counted');

ok($cx->wait_for(15, sub { (answer('Are you back?'))[0] eq 'I am back.' }),
   'after a while it is tried');
is(health('first')->{breaker}, 'closed', '... and closed');
is((answer('Still?'))[0], 'I am back.', '... for all');

# --- a newer message ---------------------------------------------------------

first_does({ text => 'Once.', first_ms => 400 * $PATIENCE,
             pause_ms => 100 }, 1);
$cx->script({ match => { kind => 'model', path => '/first/' },
              do => { text => 'For both.' } });
$cx->say(from => 16505557800, text => 'The first half');
ok($cx->wait_for(10, sub { asked('first') }), 'a model thinks');
$cx->say(from => 16505557800, text => 'and the second');
ok($cx->wait_for(10, sub { (asked('first'))[0]{gone} }),
   'a newer message hangs up');
my ($sent) = $cx->wait_for(10, sub {
    my @s = grep { $_->{to} =~ /7800$/ } $cx->ledger;
    @s ? [@s] : undef;
});
is_deeply([map { $_->{text} } @$sent], ['For both.'], 'one answer');
like((asked('first'))[1]{body}{messages}[-1]{content},
     qr/The first half\nand the second/, '... to both');

# --- what is on record -------------------------------------------------------

my %used = map { $_->{name} => $_ }
           @{$cx->api('GET', '/api/v1/usage?by=model')->{data}};
my ($f, $s) = map { my $m = $_;
                    map { $used{$_} } grep { m{/$m$} } keys %used }
              qw(first second);
cmp_ok($f->{failed}, '>=', 10, 'calls that failed are on record');
cmp_ok($f->{calls}, '>', $f->{failed}, '... beside those that did not');
is($s->{failed}, 0, '... each with its own model');
cmp_ok($s->{tokens_out}, '>', 0, '... and its tokens');

# --- a deadline that has passed ----------------------------------------------

# What is waited for before may take all of it: nobody is asked then, and above
# all nobody is waited for without end.
first_does({ act => 'hang_before' });
$cx->api('PATCH', '/api/v1/agents/desk', { total_ms => 1 });
($text, $seconds) = answer('Is there any time?');
isnt($text, '', 'without time for a model the customer hears something');
cmp_ok($seconds, '<', $DEADLINE, '... soon');
$cx->api('PATCH', '/api/v1/agents/desk', { total_ms => 0 });

# --- those beside it ---------------------------------------------------------

$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model', text => 'slowly' }, times => -1,
              do => { act => 'hang_before' } },
            { match => { kind => 'model' }, times => -1,
              do => { text => 'At once.' } });
$cx->say(from => 16505557300 + $_, text => 'Think slowly') for 1 .. 40;
ok($cx->wait_for(10, sub { asked('first') >= 4 }), 'forty models hang');
($text, $seconds) = answer('Now?');
is($text, 'At once.', '... and hinder nobody else');
cmp_ok($seconds, '<', 0.5 * $PATIENCE + 1, '... nor for long');

$cx->finish;
done_testing();
