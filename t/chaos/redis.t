# Redis goes and comes back under load: 503 while it is away, nothing that got
# 200 is lost, nginx and the worker stay up; what Redis forgot is made again.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(nginx => 2, worker => { 'worker.quiet_ms' => 0 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

my @before = sort $cx->nginx_workers;
my $worker = $cx->pid('worker');
my $flood = $cx->flood_start(count => 2000, rate => 250, connections => 16,
                             peers => 200, retry_ms => 200);


# Numbers of the messages that were answered, in the order they were.
sub answered {
    return map { $_->{text} =~ /message (\d+)/g } $cx->ledger;
}


sub some_answers {
    my ($n) = @_;

    return $cx->wait_for(20, sub { my @a = answered(); @a >= $n });
}


ok(some_answers(100), 'answers come');

$cx->stop('redis');
is($cx->say(from => 16505559999, text => 'while away')->{status}, 503,
   'stopped: 503');
like($cx->http->request('GET', '/connext/ready')->{status}, qr/^503$/,
     'and not ready');
select undef, undef, undef, 1;
$cx->start('redis');
ok($cx->wait_for(10, sub {
       $cx->say(from => 16505559999, text => 'back')->{status} == 200;
   }), 'started: 200 again');

my $n = answered();
ok(some_answers($n + 100), 'answers go on');

$cx->kill9('redis');
select undef, undef, undef, 0.5;
$cx->start('redis');
ok($cx->wait_for(10, sub {
       $cx->say(from => 16505559998, text => 'again')->{status} == 200;
   }), 'killed and started: 200 again');

my $f = $cx->flood_wait($flood);
is($f->{lost}, 0, 'every delivery got its 200 in the end');
cmp_ok($f->{status}{503}, '>', 0, "$f->{status}{503} times 503 meanwhile");

ok(some_answers(2000), 'all are answered') or diag(scalar(answered()));
my %times;
$times{$_}++ for answered();
is(scalar(grep { $times{$_} != 1 } keys %times), 0, 'none twice');

# A Redis that lost everything: groups and function come back.
$cx->redis('FLUSHALL');
$cx->redis('FUNCTION', 'FLUSH');
my $answered = sub {
    my ($text) = @_;
    $cx->wait_for(15, sub { grep { $_->{text} =~ /$text/ } $cx->ledger });
};
is($cx->say(from => 16505559990, text => 'after the flush')->{status}, 200,
   'after FLUSHALL and FUNCTION FLUSH: 200');
ok($answered->('after the flush'), 'and an answer');

# Only the groups are gone.
for my $p (0 .. 63) {
    for my $lane ('in', 'st') {
        my $key = sprintf 'cx:{p%02d}:%s', $p, $lane;
        $cx->redis('XGROUP', 'DESTROY', $key, $_)
            for map { $_->[1] } @{$cx->redis('XINFO', 'GROUPS', $key)};
    }
}
$cx->say(from => 16505559991, text => 'after the groups');
ok($answered->('after the groups'), 'without groups: an answer');

is_deeply([sort $cx->nginx_workers], \@before, 'nginx has its old workers');
is($cx->pid('worker'), $worker, 'and the worker is the old one');
$cx->finish;
done_testing();
