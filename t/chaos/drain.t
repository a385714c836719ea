# SIGTERM: calls under way end, nothing is lost, nothing is sent twice.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(time);

my $cx = Connext->new(worker => { 'send.timeout_ms' => 5000,
                                  'worker.drain_ms' => 8000 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

# Every send takes a second and a half.
$cx->script({ match => { kind => 'graph' }, times => -1,
              do => { act => 'ok', delay_ms => 1500 } });
$cx->say(from => 16505557000 + $_, text => "drain $_") for 1 .. 30;
ok($cx->wait_for(10, sub {
       my @sent = $cx->ledger;
       @sent >= 10;
   }), 'sends are under way');

my $start = time;
my $status = $cx->stop('worker');
my $took = time - $start;
is($status, 0, 'the worker ends with 0');
cmp_ok($took, '<', 8 * Connext::Process::slow(), sprintf 'in %.1f s', $took);

$cx->start('worker');
is_deeply($cx->api('GET', '/api/v1/messages?state=ambiguous')->{data}, [],
          'no send is in doubt');
ok($cx->wait_for(20, sub { my @l = $cx->ledger; @l >= 30 }),
   'the rest is answered by the next one');

my %times;
$times{$_->{to}}++ for $cx->ledger;
is(scalar(keys %times), 30, 'everybody has an answer');
is(scalar(grep { $_ > 1 } values %times), 0, 'nobody has two');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');

# With calls that never end it leaves all the same.
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'graph' }, times => -1,
              do => { act => 'accept_then_hang' } });
$cx->stop('worker');
$cx->{conf}{'send.timeout_ms'} = 60_000;
$cx->{conf}{'worker.drain_ms'} = 500;
$cx->start('worker');
$cx->say(from => 16505557100, text => 'for ever');
ok($cx->wait_for(10, sub { my @l = $cx->ledger; @l == 1 }), 'one hangs');
$start = time;
is($cx->stop('worker'), 0, 'it leaves in spite of it');
cmp_ok(time - $start, '<', 4 * Connext::Process::slow(), '... after drain_ms');

$cx->finish;
done_testing();
