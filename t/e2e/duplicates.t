# 20,000 deliveries, three in ten of them repeated, over 64 connections and
# two workers of nginx: the streams hold each event exactly once.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(nginx => 2)->start(qw(redis nginx));
my $f = $cx->flood(count => 20_000, dup => 30, connections => 64,
                   peers => 500, within => 60);

is_deeply($f->{status}, { 200 => 20_000 }, 'every delivery got 200');
is($f->{errors}, 0, 'no connection broke');
cmp_ok($f->{distinct}, '<', 15_000, "$f->{distinct} distinct ones");
is($cx->count('in'), $f->{distinct}, 'the streams hold exactly those');

my %seen = %{$cx->ids('in')};
is(scalar(keys %seen), $f->{distinct}, 'each with an id of its own');
is_deeply([grep { !$seen{"wamid.flood-$_"} } 0 .. $f->{distinct} - 1], [],
          'none is missing');

# The same again, after a restart of nginx: nothing new.
$cx->stop('nginx');
$cx->start('nginx');
$f = $cx->flood(count => 5_000, dup => 0, peers => 500);
is_deeply($f->{status}, { 200 => 5_000 }, 'again: 200');
is($cx->count('in'), scalar(keys %seen), 'and nothing new');

$cx->finish;
done_testing();
