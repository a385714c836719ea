# What models cost, and budgets: what a reply took is on record, and when a
# budget is used up no model is asked.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(json);
use Test::More;

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
my $cx = Connext->new(worker => { 'hooks.allow_private' => 'on' });
write_file($cx->path('hook_secret'), 'whsec_' . 'a' x 32 . "\n", 0600);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', agent => { max_tokens => 100 });

my $v = '/api/v1';
my $customer = 16505559000;
my $double = "http://127.0.0.1:$cx->{double_port}";


# A new customer asks; what was said to them.
sub ask {
    my ($text, $from) = @_;

    my $to = $from // ++$customer;
    my $n = grep { $_->{to} =~ /$to$/ } $cx->ledger;
    $cx->say(from => $to, text => $text);
    my @got;
    $cx->wait_for(10 * $PATIENCE, sub {
        @got = grep { $_->{to} =~ /$to$/ } $cx->ledger;
        @got > $n;
    });
    return $got[-1] ? $got[-1]{text} : '';
}


sub list { return @{$cx->api('GET', $_[0])->{data}} }
sub usage { return list("$v/usage?by=$_[0]") }
sub models { return $cx->double('GET', '/_/counts')->{models} }


# --- prices and what was used ------------------------------------------------

$cx->script({ match => { kind => 'model' }, times => -1, do => {
    text => 'Yes.', usage => { in => 1000, cached => 400, out => 10 } } });
my ($code, $out) = $cx->ctl('prices', 'create', '--provider', 'openai',
    '--model', 'dou*', '--price-in', '0.15', '--price-cached', '0.075',
    '--price-out', '0.6', '-o', 'json');
is($code, 0, 'a price') or diag($out);
is($cx->api_raw('worker', 'POST', "$v/prices", json()->encode({
       provider => 'openai', model => 'dou*', price_in => 1,
       price_out => 1 }))->{status}, 409, 'not a second one of the same');
is(ask('Is there parking?'), 'Yes.', 'an answer');
my ($total);
ok($cx->wait_for(5, sub { ($total) = usage('total') }), 'it is on record');
is_deeply([@$total{qw(calls failed tokens_in tokens_cached tokens_out)}],
          [1, 0, 1000, 400, 10], 'with its tokens');
is($total->{cost}, 0.000126, 'and what it cost');
is($total->{currency}, 'USD', 'in dollars');
is((usage('agent'))[0]{name}, 'desk', 'by agent');
like((usage('model'))[0]{name}, qr{^openai/double}, 'by model');
like((usage('day'))[0]{name}, qr/^\d{4}-\d\d-\d\d$/, 'by day');
like((usage('customer'))[0]{name}, qr/^cu_/, 'by customer');
is_deeply([list("$v/usage?from=2020-01-01&to=2020-12-31")], [],
          'not of another time');
is($cx->api_raw('worker', 'GET', "$v/usage?by=moon")->{status}, 400,
   'by nothing else');
like(($cx->ctl('usage', '--by', 'model'))[1], qr/openai\/double.*0\.000126/,
     'connextctl shows it');

# --- a budget of tokens ------------------------------------------------------

my $hooked = $cx->api('POST', "$v/hooks", {
    url => "$double/hook", events => 'budget.exhausted',
    secret_file => $cx->path('hook_secret') });
my $budget = $cx->api('POST', "$v/budgets", {
    name => 'all', limit => 5000 });
is_deeply([@$budget{qw(scope period unit otherwise limit used)}],
          ['tenant', 'day', 'tokens', 'knowledge', 5000, 0], 'a budget');
is(ask('Is there parking?'), 'Yes.', 'an answer within it');
($budget) = list("$v/budgets");
is($budget->{used}, 1010, 'is counted as what it took');
is($budget->{reserved}, 0, 'and nothing is left reserved');

$cx->api('PATCH', "$v/budgets/$budget->{id}", { limit => 1100 });
my $before = models();
my $said = ask('Is there parking?');
isnt($said, 'Yes.', 'over it the model is not asked');
is(models(), $before, '... not at all');
like($said, qr/parking/i, '... the knowledge answers');
my ($told) = list("$v/hooks/$hooked->{id}/deliveries");
is($told->{event}, 'budget.exhausted', 'hooks are told');
ask('Is there parking?');
is(scalar list("$v/hooks/$hooked->{id}/deliveries"), 1, '... once a day');
like(($cx->ctl('budgets', 'list'))[1], qr/all.*1100.*1010/,
     'connextctl shows how it stands');

$cx->api('PATCH', "$v/budgets/$budget->{id}", { otherwise => 'handoff' });
is(ask('Is there parking?'), 'I will ask a colleague.',
   'or not even the knowledge does');
ok($cx->wait_for(5, sub { grep { $_->{reason} eq 'budget' }
                          list("$v/reviews") }),
   'and a person knows why');
$cx->api('DELETE', "$v/budgets/$budget->{id}");
is(ask('Is there parking?'), 'Yes.', 'without it the model answers again');

# --- of each customer, and of money ------------------------------------------

$cx->api('POST', "$v/budgets", { name => 'each', scope => 'customer',
                                 limit => 1600 });
my $first = $customer + 1;
is(ask('Is there parking?'), 'Yes.', 'a customer has a budget');
isnt(ask('Is there parking?', $first), 'Yes.', '... which ends');
is(ask('Is there parking?'), 'Yes.', 'another one has another');
my ($each) = list("$v/budgets");
is($each->{used}, 1010, 'shown is who has used most of it');
$cx->api('DELETE', "$v/budgets/$each->{id}");

$cx->api('POST', "$v/budgets", { name => 'money', scope => 'agent',
    agent => 'desk', unit => 'cost', limit => 1, currency => 'EUR' });
isnt(ask('Is there parking?'), 'Yes.',
     'without a price in its currency no money is spent');
my ($money) = list("$v/budgets");
$cx->api('PATCH', "$v/budgets/$money->{id}", { currency => 'USD' });
is(ask('Is there parking?'), 'Yes.', 'with one it is');
($money) = list("$v/budgets");
is($money->{used}, 0.000126, 'and counted');
is($cx->api_raw('worker', 'POST', "$v/budgets", json()->encode({
       name => 'x', limit => 1, agent => 'desk' }))->{status}, 400,
   'a tenant has no agent');

# --- counters ----------------------------------------------------------------

my $res = $cx->api_raw('worker', 'GET', '/metrics');
is($res->{status}, 200, 'counters for Prometheus');
my $of = 'agent="desk",tenant="te_0000000000001"';
like($res->{body}, qr/^connext_ai_requests_total\{$of,outcome="ok"\} 6$/m,
     '... calls');
like($res->{body}, qr/^connext_ai_tokens_total\{$of,kind="in"\} 6000$/m,
     '... tokens');
like($res->{body}, qr/^connext_ai_decisions_total\{$of,decision="sent"\} 6$/m,
     '... answers of models');
like($res->{body},
     qr/^connext_ai_decisions_total\{$of,decision="fallback"\} [1-9]/m,
     '... and of who stood in for them');
like($res->{body}, qr/^connext_ai_decisions_total\{$of,decision="review"\} 1$/m,
     '... and what a person was asked');
like($res->{body},
     qr/^connext_ai_request_duration_seconds_count\{$of\} 6$/m,
     '... and how long it took');

# --- a crash in the middle ---------------------------------------------------

$cx->api('PATCH', "$v/budgets/$money->{id}", { unit => 'tokens',
                                               limit => 100000 });
my $used = (list("$v/budgets"))[0]{used};
$cx->double('POST', '/_/reset');
$cx->script(
    { match => { kind => 'model' }, times => 1, do => { act => 'hang_before' } },
    { match => { kind => 'model' }, times => -1, do => {
      text => 'Yes.', usage => { in => 1000, out => 10 } } });
$cx->say(from => ++$customer, text => 'Is there parking?');
ok($cx->wait_for(10, sub { (list("$v/budgets"))[0]{reserved} > 0 }),
   'a call is under way');
my $reserved = (list("$v/budgets"))[0]{reserved};
$cx->kill9('worker');
$cx->start('worker');
ok($cx->wait_for(15 * $PATIENCE, sub {
       grep { $_->{to} =~ /$customer$/ } $cx->ledger }),
   'after a crash it is answered');
ok($cx->wait_for(5, sub { (list("$v/budgets"))[0]{reserved} == 0 }),
   'nothing stays reserved');
is((list("$v/budgets"))[0]{used}, $used + $reserved + 1010,
   'what was lost is counted, once');

# --- pages of what was used --------------------------------------------------

my (%paged, $cursor);
do {
    my $page = $cx->api('GET', "$v/usage?by=customer&limit=1"
                               . ($cursor ? "&cursor=$cursor" : ''));
    $paged{$_->{name}}++ for @{$page->{data}};
    $cursor = $page->{next_cursor};
} while ($cursor);
cmp_ok(scalar(keys %paged), '>', 1, 'more than one page');
is_deeply(\%paged, { map { $_->{name} => 1 } usage('customer') },
          'each line is on one of them');

$cx->finish;
done_testing();
