# A worker that cannot give its partitions back, because the record fails just
# then, gives them back later: they do not stay nobody's.

use strict;
use warnings;

use Connext;
use Connext::Postgres;
use Connext::Process qw(read_file);
use Test::More;

plan skip_all => 'of PostgreSQL' if ($ENV{CONNEXT_STORE} // '') !~ /^post/;

my $pg = Connext::Postgres->new->start;

$pg->sql('postgres', $_)
    for 'CREATE ROLE connext LOGIN', 'CREATE DATABASE record OWNER connext';

my $cx = Connext->new(nginx => 1, double => [],
                      worker => { 'worker.quiet_ms' => 0 });
$cx->{store_url} = 'postgresql://connext@/record?host=' . $pg->dir;
$cx->start(qw(redis nginx double worker1));
$cx->set_up(provider => 'openai', no_knowledge => 1);
ok($cx->wait_for(20, sub { $cx->owned('worker1') == 64 }),
   'one worker has all partitions');

$pg->sql('record', $_) for
    'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS'
    . q( $$ BEGIN RAISE EXCEPTION 'no'; END $$),
    'CREATE TRIGGER refuse BEFORE UPDATE ON partitions FOR EACH ROW'
    . q( WHEN (OLD.owner <> '' AND NEW.owner = '')
        EXECUTE FUNCTION refuse());

$cx->start('worker2');
ok($cx->wait_for(20, sub {
       read_file($cx->path('logs/worker1.log')) =~ /"partition\.release"/;
   }), 'giving back fails');
is($cx->owned('worker2'), 0, 'the other one has none');

$pg->sql('record', 'DROP TRIGGER refuse ON partitions');
ok($cx->wait_for(20, sub {
       $cx->owned('worker1') == 32 && $cx->owned('worker2') == 32;
   }), 'later it is done');

$cx->flood(count => 200, peers => 50, connections => 4);
ok($cx->wait_for(20, sub {
       my %got = $cx->answers;
       my $n = 0;
       $n += @$_ for values %got;
       return $n == 200;
   }), 'and all conversations are answered');

$cx->finish;
done_testing();
