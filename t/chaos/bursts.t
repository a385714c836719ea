# Two thousand bursts: one to eight messages with pauses of up to three
# seconds, some of them delivered twice, at once or much later, also when the
# edge has forgotten them.  Each burst gets one reply that covers all of it.

use strict;
use warnings;

use Connext;
use Connext::Crowd;
use Test::More;
use Time::HiRes qw(time);

my ($CUSTOMERS, $BURSTS, $QUIET) = (1000, 2, 6);
# The seed is printed; CONNEXT_SEED repeats a run.
my $seed = $ENV{CONNEXT_SEED} || int rand 1e9;
srand $seed;
diag("seed $seed");

my $cx = Connext->new(nginx => 2, worker => {
                          'worker.quiet_ms' => 1000 * $QUIET,
                          'worker.quiet_cap_ms' => 120_000,
                          'send.timeout_ms' => 5000 })
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);
ok($cx->wait_for(15, sub { $cx->owned('worker1') == 32
                           && $cx->owned('worker2') == 32 }), 'two workers');

my $crowd = Connext::Crowd->new($cx);
my (%n, @burst, %open, @later, %replies);


# A message; its number within the burst is in the text.
sub say {
    my ($b, $i, $lane) = @_;

    $n{sent}++;
    $crowd->say($b->{from}, "wamid.$b->{name}.$i", "$b->{name}.$i", sub {
        my ($res, $since, $until) = @_;
        $b->{done}[$i] //= $until;
        $b->{sent}[$i] = $since if $since < ($b->{sent}[$i] // $until);
    }, $lane);
}


# What the provider delivers twice, and when.
sub repeat {
    my ($b, $i, $when) = @_;

    my $kind = int rand 4;
    my $twice = sub { say($b, $i, int rand 1000) };
    $n{('at once', 'soon', 'after the reply', 'much later')[$kind]}++;
    $crowd->at($when, $twice) if $kind == 0;
    $crowd->at($when + rand 2, $twice) if $kind == 1;
    push @{$b->{after}}, $twice if $kind == 2;
    push @later, $twice if $kind == 3;
}


sub burst {
    my ($customer, $round, $when) = @_;

    my $b = { from => 16505560000 + $customer, round => $round,
              customer => $customer, name => "b${customer}x$round",
              n => 1 + int rand 8, done => [], sent => [], after => [] };
    push @burst, $b;
    $open{$b->{name}} = $b;

    for my $i (0 .. $b->{n} - 1) {
        $when += rand 3 if $i > 0;
        $crowd->at($when, sub { say($b, $i) });
        repeat($b, $i, $when) if rand() < 0.05;
    }
}


# The reply to a burst brings the customer's next one.
sub reply {
    my ($entry) = @_;

    my ($name) = $entry->{text} =~ /(b\d+x\d+)/ or return;
    push @{$replies{$name}}, $entry->{text};
    my $b = $open{$name} or return;
    return if $entry->{text} !~ /\Q$name.\E${\($b->{n} - 1)}\b/;

    delete $open{$name};
    $crowd->at(time + rand 3, $_) for @{$b->{after}};
    burst($b->{customer}, $b->{round} + 1, time + rand)
        if $b->{round} < $BURSTS;
}


sub by_number { return $a <=> $b }


# Whether the second was sent only after the first was taken.
sub in_turn {
    my ($b, $first, $second) = @_;

    return ($b->{done}[$first] // 0) < ($b->{sent}[$second] // 0);
}


# How the replies should be: one, unless the machine itself made a pause that
# is longer than the quiet window; in the order of sending, but for what was
# under way at the same time.
sub wrong {
    my ($b) = @_;

    my $have = join '_', map { s/^echo: //r } @{$replies{$b->{name}} || []};
    my @said = map { /^\Q$b->{name}.\E(\d+)\z/ ? $1 : -1 }
               split /[\n_]/, $have;
    my $wrong = join(' ', sort by_number @said)
                ne join ' ', 0 .. $b->{n} - 1;

    for my $i (0 .. $#said) {
        $wrong ||= grep { $said[$_] > $said[$i]
                          && in_turn($b, $said[$i], $said[$_]) } 0 .. $i - 1;
    }

    my $cuts = grep { ($b->{done}[$_] // 0) - ($b->{done}[$_ - 1] // 0)
                      > $QUIET - 1 } 1 .. $b->{n} - 1;
    $n{stretched} += $cuts;
    $wrong ||= ($have =~ tr/_//) > $cuts;

    return $wrong ? "$b->{name} of $b->{n}: $have\n" : ();
}


burst($_, 1, time + rand 15) for 1 .. $CUSTOMERS;
$crowd->ledger(\&reply);
ok($crowd->run(110, sub { !%open && @burst == $CUSTOMERS * $BURSTS }),
   'all bursts are answered') or diag(join ' ', sort keys %open);

# Much later; the edge knows half of them, the record knows them all.
$cx->redis('DEL', sprintf('cx:{p%02d}:dd', $_)) for grep { $_ % 2 } 0 .. 63;
$_->() for @later;
$crowd->say(16505559000 + $_, "wamid.last$_", "last $_") for 1 .. 200;
my $last = 0;
$crowd->ledger(sub { $last += $_[0]{text} =~ /last/ ? 1 : 0; reply(@_) });
ok($crowd->run(30, sub { $last >= 200 }),
   'who asks after that is answered');

is(scalar(@burst), $CUSTOMERS * $BURSTS, "$n{sent} messages in bursts");
my @wrong = map { wrong($_) } @burst;
is(scalar(@wrong), 0, 'each has one reply, to all its messages in order')
    or diag(splice @wrong, 0, 10);
cmp_ok($n{stretched} // 0, '<', 20, 'the machine kept up');
note(join ', ', map { "$n{$_} $_" } sort keys %n);

is_deeply($cx->api('GET', '/api/v1/reviews')->{data}, [],
          'nothing waits for a person');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');
is($cx->count('in'), 0, 'no entry is left');

$cx->finish;
done_testing();
