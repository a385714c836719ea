# Two workers, 200 conversations of 20 messages: order within each, no reply
# twice; one is killed, and the other has its partitions soon.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(time);

my $cx = Connext->new(nginx => 1, double => ['--statuses', 'sent'])
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub owned {
    my ($name) = @_;

    my $res = $cx->api_raw($name, 'GET', '/api/v1/status');
    my $p = Connext::Sample::json()->decode($res->{body})->{partitions};
    return ref $p ? $p->{owned} : $p;
}


ok($cx->wait_for(15, sub { owned('worker1') == 32 && owned('worker2') == 32 }),
   'each owns half of the partitions')
    or diag(owned('worker1'), ' ', owned('worker2'));

my $flood = $cx->flood_start(count => 4000, peers => 200, connections => 20,
                             rate => 500, retry_ms => 200);


# Numbers answered for each conversation, in the order of the ledger.
sub by_conversation {
    my %got;

    for my $e ($cx->ledger) {
        my ($to) = $e->{to} =~ /(\d+)$/;
        push @{$got{$to}}, $e->{text} =~ /message (\d+)/g;
    }

    return \%got;
}


sub total {
    my $n = 0;
    $n += @$_ for values %{by_conversation()};
    return $n;
}


ok($cx->wait_for(20, sub { total() > 1200 }), 'answers come');

$cx->kill9('worker2');
my $killed = time;
ok($cx->wait_for(15, sub { owned('worker1') == 64 }),
   'the other one owns all partitions');
my $took = time - $killed;
cmp_ok($took, '<', 15, sprintf 'after %.1f s', $took);

my $f = $cx->flood_wait($flood);
is($f->{lost}, 0, 'every delivery got 200');

# The killed one had intents on record whose sends may never have left: such a
# reply is held for a person, with the reason, and never sent blindly.
my @held;
sub in_doubt { return map { $_->{text} =~ /message (\d+)/g } @held }

$cx->wait_for(25, sub {
    @held = @{$cx->api('GET', '/api/v1/messages?state=held')->{data}};
    my %sent = map { $_ => 1 } map { @$_ } values %{by_conversation()};
    $sent{$_} = 1 for in_doubt();
    keys %sent >= 4000;
});
my $got = by_conversation();
my %doubt = map { $_ => 1 } in_doubt();
my ($missing, $disorder, $twice) = (0, 0, 0);
for my $peer (0 .. 199) {
    my @want = map { $peer + 200 * $_ } 0 .. 19;
    my @have = @{$got->{16505550000 + $peer} || []};
    my %seen;
    $seen{$_}++ for @have;
    $missing += grep { !$seen{$_} && !$doubt{$_} } @want;
    $twice += grep { $_ > 1 } values %seen;
    $disorder++ if "@have" ne join ' ', sort { $a <=> $b } @have;
}

is($missing, 0, 'every message is answered, or its answer is held')
    or diag(scalar @held, ' held');
is($disorder, 0, 'in order within each conversation');
is($twice, 0, 'none twice');
is(scalar(grep { !length($_->{error}{text} // '') } @held), 0,
   'held ones say why');
cmp_ok(scalar @held, '<=', 200, 'at most one a conversation is held');

# A third one gets its share.
$cx->start('worker3');
ok($cx->wait_for(15, sub { owned('worker1') == 32 && owned('worker3') == 32 }),
   'a new worker gets its share')
    or diag(owned('worker1'), ' ', owned('worker3'));
$cx->say(from => 16505550000 + $_, text => "hello $_") for 300 .. 340;
ok($cx->wait_for(15, sub {
       my @n = grep { $_->{text} =~ /hello/ } $cx->ledger;
       @n == 41;
   }), 'and both answer');

$cx->finish;
done_testing();
