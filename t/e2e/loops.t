# Two agents wired together: what one says to its customer is what the other
# hears from its own.  They are stopped within six replies and given to people.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery text_message);
use Test::More;
use Time::HiRes qw(sleep time);

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
my $cx = Connext->new(worker => { 'ai.loops' => 'on', 'ai.turns_max' => 60 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

my $double = "http://127.0.0.1:$cx->{double_port}";
my %account = (a => '20000000000001', b => '20000000000002');
for my $side (sort keys %account) {
    $cx->api('POST', '/api/v1/channels', {
        name => "wa-$side", type => 'whatsapp', account => $account{$side},
        agent => 'desk', token_file => $cx->path('access_token'),
        base_url => "$double/v21.0", settings => { rate => '100000' } });
}

my $n = 0;


# Somebody writes to that side.
sub write_to {
    my ($side, $from, $text) = @_;

    return $cx->post(delivery(account => $account{$side}, messages => [
        text_message(from => $from, id => 'wamid.loop' . ++$n,
                     text => $text)]));
}


# The two numbers: what is sent to the one comes from the other.
sub wire {
    my ($to_a, $to_b, $first) = @_;

    my ($sent, $seen, $last) = (0, 0, time);
    write_to('a', $to_a, $first);
    while (time - $last < 2.5 * $PATIENCE && $sent < 30) {
        my @all = grep { $_->{to} =~ /(?:$to_a|$to_b)$/ } $cx->ledger;
        for my $e (@all[$seen .. $#all]) {
            $sent++;
            $last = time;
            $e->{to} =~ /$to_a$/ ? write_to('b', $to_b, $e->{text})
                                 : write_to('a', $to_a, $e->{text});
        }
        $seen = @all;
        sleep 0.02;
    }

    return $sent;
}


sub reviews {
    return grep { $_->{reason} eq 'loop' }
           @{$cx->api('GET', '/api/v1/reviews?state=waiting')->{data}};
}


# Each says something else every time, at once.
$cx->script(map { { match => { kind => 'model' }, times => 1, do => {
    text => "Thank you for your message about the $_, could you please tell"
            . " us how many of them you would like to have and on which day?"
} } } qw(boats rooms tables bicycles umbrellas candles horses tents lamps
         doors keys maps songs stones clouds));
my $sent = wire(16505557001, 16505557002,
                'Good morning, we would like to hear about your boats.');
cmp_ok($sent, '>=', 2, 'they do talk to each other');
cmp_ok($sent, '<=', 6, "they are stopped within six replies ($sent)");
ok(scalar reviews(), 'a person is asked, because of a loop');
my ($review) = reviews();
is($review->{draft} // '', '', 'nothing is said to a loop');

# Each says the same, and not at once.
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model' }, times => -1, do => {
    text => 'Ok, noted.', delay_ms => 750 } });
$sent = wire(16505557011, 16505557012, 'Ok, noted.');
cmp_ok($sent, '<=', 6, "also when they only repeat themselves ($sent)");
is(scalar reviews(), 2, 'which a person sees, too');

# A machine that says what it is.
$cx->double('POST', '/_/reset');
$cx->script({ match => { kind => 'model' }, times => -1, do => {
    text => 'How can I help you?' } });
my $vacation = 'Automatic reply: I am out of the office until Monday.';
for my $i (1 .. 4) {
    write_to('a', 16505557021, "$vacation ($i)");
    $cx->wait_for(5, sub {
        $i > 2 ? reviews() > 2
               : $i == grep { $_->{to} =~ /7021$/ } $cx->ledger;
    });
    last if reviews() > 2;
}
cmp_ok(scalar(grep { $_->{to} =~ /7021$/ } $cx->ledger), '<=', 2,
       'automatic replies are not answered for long');

# A person who writes short lines is answered, again and again ...
$cx->double('POST', '/_/reset');
for my $i (1 .. 5) {
    write_to('a', 16505557031, "question no $i");
    ok($cx->wait_for(5 * $PATIENCE, sub {
           $i == grep { $_->{to} =~ /7031$/ } $cx->ledger }),
       "a person is answered, $i");
    sleep 0.75;
}

# ... up to what is allowed in an hour.
$cx->api('PATCH', '/api/v1/agents/desk', { turns_max => 5 });
my $before = reviews();
write_to('a', 16505557031, 'and another one');
ok($cx->wait_for(5 * $PATIENCE, sub { reviews() > $before }),
   'the sixth reply of an hour is for a person');
is(scalar(grep { $_->{to} =~ /7031$/ } $cx->ledger), 5, '... and not said');

$cx->finish;
done_testing();
