# What providers refuse: for good, for now, or until somebody renews a token.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(time);

my $cx = Connext->new(worker => { 'send.retries' => 3 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub sends_to {
    my ($to) = @_;

    return grep { $_->{body}{to} =~ /$to$/ }
           @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
}


sub accepted {
    my ($to, $seconds) = @_;

    return $cx->wait_for($seconds // 10, sub {
        grep { $_->{to} =~ /$to$/ } $cx->ledger;
    });
}


sub dead {
    my ($seconds, $code) = @_;

    return $cx->wait_for($seconds, sub {
        my ($d) = grep { "$_->{reason} $_->{text}" =~ $code }
                  @{$cx->api('GET', '/api/v1/dead-letters')->{data}};
        $d;
    });
}


# For good.
$cx->script({ match => { kind => 'graph', to => '4001' }, times => -1,
              do => { code => 131026 } });
$cx->say(from => 16505554001, text => 'undeliverable');
my $d = dead(10, qr/131026/);
ok($d, 'a permanent refusal is a dead letter') or diag($cx->logs);
is($d->{kind}, 'send', '... of a send');
is(scalar sends_to('4001'), 1, '... tried once');

# For now.
$cx->script({ match => { kind => 'graph', to => '4002' }, times => 2,
              do => { code => 130429 } });
$cx->say(from => 16505554002, text => 'throughput');
ok(accepted('4002', 20), 'a throttled send goes out later');
is(scalar sends_to('4002'), 3, '... at the third attempt');

$cx->script({ match => { kind => 'graph', to => '4003' }, times => 1,
              do => { act => 'rate_limited', body => 'slow down' } });
my $start = time;
$cx->say(from => 16505554003, text => '429');
ok(accepted('4003'), '429 goes out later');
cmp_ok(time - $start, '>=', 1, '... not before Retry-After');

# For now, for too long.
$cx->script({ match => { kind => 'graph', to => '4004' }, times => 4,
              do => { code => 131016 } });
$cx->say(from => 16505554004, text => 'unavailable');
$d = dead(30, qr/131016/);
ok($d, 'what fails too often is a dead letter');
is(scalar sends_to('4004'), 4, '... after its attempts');
$cx->api('POST', "/api/v1/dead-letters/$d->{id}/retry");
ok(accepted('4004'), '... and goes out when a person retries it');

# Nobody listens: proved not sent, so it is repeated.
$cx->stop('double');
$cx->say(from => 16505554005, text => 'nobody there');
$cx->wait_for(2, sub { $cx->count('in') == 0 });
$cx->start('double');
ok(accepted('4005', 20), 'with nobody listening it is sent later');

# The model fails: the built-in answerer takes over.
$cx->script({ match => { kind => 'model', text => 'no quota' }, times => -1,
              do => { status => 429, body => { error => {
                      type => 'insufficient_quota', message => 'x',
                      code => 'insufficient_quota' } } } });
$cx->say(from => 16505554006, text => 'no quota');
ok(accepted('4006'), 'without a model there is an honest answer');
is((grep { $_->{to} =~ /4006$/ } $cx->ledger)[0]{text},
   'I will ask a colleague.', '... and no invention');

$cx->script({ match => { kind => 'model', text => 'overloaded' }, times => 2,
              do => { status => 503 } });
$cx->say(from => 16505554007, text => 'overloaded');
ok(accepted('4007'), 'a model that is busy is asked again');
is((grep { $_->{to} =~ /4007$/ } $cx->ledger)[0]{text}, 'echo: overloaded',
   '... until it answers');

# The token: the channel stops and says so.
$cx->script({ match => { kind => 'graph' }, times => 1,
              do => { code => 190 } });
$cx->say(from => 16505554008, text => 'token');
my $ch;
ok($cx->wait_for(10, sub {
       $ch = $cx->api('GET', '/api/v1/channels/wa-main');
       $ch->{health} eq 'action_required';
   }), 'a refused token: the channel needs action');
like($ch->{health_text}, qr/token|190/, '... and says which');
$cx->say(from => 16505554009, text => 'after');
is(scalar sends_to('4008'), 1, '... nothing is repeated meanwhile');

$cx->finish;
done_testing();
