# PostgreSQL goes and comes back under load: killed, crashed, restarted, full
# of others.  Nothing that got 200 is lost, workers stay up and go on by
# themselves, in order; one that is started meanwhile waits for it.

use strict;
use warnings;

use Connext;
use Connext::Postgres;
use Connext::Process qw(read_file);
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'of PostgreSQL' if ($ENV{CONNEXT_STORE} // '') !~ /^post/;

my ($MESSAGES, $PEERS, $RATE, $LIMIT) = (6000, 100, 200, 20);

# Three connections are for the test alone, which is the superuser.
my $pg = Connext::Postgres->new(conf => "max_connections = $LIMIT")->start;
$pg->sql('postgres', $_)
    for 'CREATE ROLE connext LOGIN', 'CREATE ROLE other LOGIN',
        'CREATE DATABASE record OWNER connext';

my $cx = Connext->new(nginx => 2, double => ['--statuses', 'sent'],
                      worker => { 'worker.quiet_ms' => 0,
                                  'worker.reconcile_ms' => 10_000 });
$cx->{store_url} = 'postgresql://connext@/record?host=' . $pg->dir;
$cx->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);
my %pid = map { $_ => $cx->pid($_) } qw(worker1 worker2);

# So that there is always much under way.
$cx->script({ match => { kind => 'graph' }, times => -1,
              do => { act => 'ok', delay_ms => 100 } });
my $flood = $cx->flood_start(count => $MESSAGES, peers => $PEERS,
                             connections => 20, rate => $RATE,
                             retry_ms => 200);


sub total {
    my %got = $cx->answers;
    my $n = 0;
    $n += @$_ for values %got;
    return $n;
}


sub goes_on {
    my ($what) = @_;

    my $n = total();
    ok($cx->wait_for(30, sub { total() >= $n + 200 || total() >= $MESSAGES }),
       "$what: answers go on");
}


goes_on('at first');

# --- it goes and comes back --------------------------------------------------

# Away for longer than a lease, too, and again and again amid commits.
for my $round (['KILL', 0.5], ['QUIT', 0], ['INT', 1], ['QUIT', 6],
               (['QUIT', 0]) x 5)
{
    my ($signal, $seconds) = @$round;

    $pg->stop($signal);
    select undef, undef, undef, $seconds;
    $pg->start;
    goes_on("$signal, away for $seconds s");
}

# --- no connection is left ---------------------------------------------------

sub sessions {
    my ($user) = @_;

    return ($pg->sql('record', 'SELECT count(*) FROM pg_stat_activity'
                               . " WHERE usename = '$user'"))[0];
}


sub end_sessions {
    my ($user) = @_;

    $pg->sql('record', 'SELECT pg_terminate_backend(pid)'
                       . " FROM pg_stat_activity WHERE usename = '$user'");
}


# More of them than there is room for: they take what the workers lose.
my @others = map {
    Connext::Process::spawn('others', '/dev/null', ['sh', '-c', 'while :; do'
        . ' psql -X -q -h "$0" -U other -d record -c "SELECT pg_sleep(600)";'
        . ' done', $pg->dir]);
} 1 .. $LIMIT;
ok($cx->wait_for(20, sub {
       sessions('other') + sessions('connext') >= $LIMIT - 3;
   }),
   'others have the connections that are left');
ok($cx->wait_for(20, sub {
       end_sessions('connext');
       sessions('connext') == 0;
   }), 'and soon all of them');
select undef, undef, undef, 3;

kill 'KILL', @others;
Connext::Process::wait_pid($_, 5) for @others;
end_sessions('other');
goes_on('others had all connections');

# --- a start while it is away ------------------------------------------------

$pg->stop('INT');
$cx->write_worker_conf('worker3');
$cx->launch('worker3', ["$Connext::BUILD/connext-worker", '-c',
                        $cx->path('conf/worker3.ini')]);
ok($cx->wait_for(10, sub {
       read_file($cx->path('logs/worker3.log'))
           =~ /"msg":"store\.away".*waits for the database/;
   }), 'a worker that starts meanwhile says what it waits for');
ok(!$cx->gone('worker3'), '... and waits');
$pg->start;
$cx->{api}{worker3} = Connext::Http->new(unix => $cx->path('worker3.sock'));
ok($cx->wait_for(20, sub {
       $cx->api_raw('worker3', 'GET', '/readyz')->{status} == 200;
   }), '... and starts when the database is there');

# --- what became of all ------------------------------------------------------

is($cx->flood_wait($flood)->{lost}, 0, 'every delivery got 200');
$cx->wait_for(60, sub { total() >= $MESSAGES });

my %got = $cx->answers;
my @wrong;
for my $peer (0 .. $PEERS - 1) {
    my @want = map { $peer + $PEERS * $_ } 0 .. $MESSAGES / $PEERS - 1;
    my $have = "@{$got{16505550000 + $peer} || []}";
    push @wrong, "$peer: $have\n" if $have ne "@want";
}
is("@wrong", '', 'each message once, in order within each conversation');
ok($cx->wait_for(30, sub {
       !grep { @{$cx->api('GET', "/api/v1/messages?state=$_")->{data}} }
       qw(ready sending ambiguous held);
   }), 'nothing is under way or held') or diag(map {
       "$_: " . @{$cx->api('GET', "/api/v1/messages?state=$_")->{data}} . "\n"
   } qw(ready sending ambiguous held));
is_deeply($cx->api('GET', '/api/v1/reviews')->{data}, [],
          'nothing waits for a person');
ok($cx->wait_for(10, sub { $cx->count('in') == 0 }), 'no entry is left');
is_deeply({ map { $_ => $cx->pid($_) } sort keys %pid }, \%pid,
          'the workers are the old ones');

$cx->finish;
done_testing();
