# Drafts and the people who decide them: claims, drafts that are too old, and
# what happens to those that nobody decides.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(json);
use Test::More;
use Time::HiRes qw(time);

my $cx = Connext->new(worker => { 'worker.lease_ms' => 600 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1,
            agent => { threshold => 1 });
my $n = 0;


sub call {
    my ($method, $path, $what) = @_;

    my $res = $cx->api_raw('worker', $method, "/api/v1/$path",
                           $what ? json()->encode($what) : undef);
    return ($res->{status}, $res->{body} ? json()->decode($res->{body}) : {});
}


sub waiting { return @{$cx->api('GET', '/api/v1/reviews')->{data}} }

sub review { return (call('GET', "reviews/$_[0]{id}"))[1] }

sub sent { my ($to) = @_; return grep { $_->{to} =~ /$to$/ } $cx->ledger }


# A question of a new customer, and the draft that waits for a person.
sub draft {
    my ($customer) = @_;
    my $r;

    $cx->say(id => 'wamid.' . ++$n, text => "question $customer",
             from => $customer);
    $cx->wait_for(10, sub {
        ($r) = grep { $_->{question} =~ /$customer/ } waiting() });
    return $r;
}


# --- claims ------------------------------------------------------------------

my $r = draft('16505550001');
ok($r && $r->{draft}, 'a draft waits');
is($r->{claimed_by}, undef, '... for anybody');
my ($status, $got) = call('POST', "reviews/$r->{id}/claim",
                          { who => 'ann', seconds => 60 });
is("$status $got->{claimed_by}", '200 ann', 'she claims it');
cmp_ok($got->{claimed_until}, '>', 1000 * time, '... for a while');

for my $verb (qw(claim approve edit reject release)) {
    ($status, $got) = call('POST', "reviews/$r->{id}/$verb",
                           { who => 'bob',
                             $verb eq 'edit' ? (text => 'Mine') : () });
    is($status, 409, "he does not $verb it");
    like($got->{detail}, qr/ann has claimed it until \d+/,
         '... and is told who has');
}

is(sent('16505550001'), 0, 'nothing was sent');
is((call('POST', "reviews/$r->{id}/release", { who => 'ann' }))[0], 200,
   'she gives it back');
($status, $got) = call('POST', "reviews/$r->{id}/approve", { who => 'bob' });
is("$status $got->{who}", '200 bob', 'he approves it');
ok($cx->wait_for(10, sub { sent('16505550001') == 1 }), '... and it is sent');
($status) = call('POST', "reviews/$r->{id}/claim", { who => 'ann' });
is($status, 409, 'what is decided is not claimed');

$r = draft('16505550002');
call('POST', "reviews/$r->{id}/claim", { who => 'ann', seconds => 1 });
ok($cx->wait_for(5, sub { !defined review($r)->{claimed_by} }),
   'a claim ends by itself');
is((call('POST', "reviews/$r->{id}/reject", { who => 'bob',
                                              reason => 'no' }))[0], 200,
   '... and another one decides');
is(review($r)->{why}, 'no', '... and says why');

# --- drafts that do not fit any more -----------------------------------------

$r = draft('16505550003');
is($r->{stale}, undef, 'a new draft fits');
$cx->say(id => 'wamid.more', text => 'I mean another house',
         from => '16505550003');
ok($cx->wait_for(10, sub { (review($r)->{stale} // '') eq 'newer_message' }),
   'not after a newer message');
($status, $got) = call('POST', "reviews/$r->{id}/approve", {});
is($status, 409, '... it is not sent by mistake');
like($got->{detail}, qr/even_if_stale/, '... but may be');
is((call('POST', "reviews/$r->{id}/approve",
         { even_if_stale => JSON::PP::true }))[0], 200, '... on purpose');

$r = draft('16505550004');
call('POST', "conversations/$r->{conversation}/messages",
     { text => 'Ann here.' });
is(review($r)->{stale}, 'person', 'nor after a person has answered');

# --- nobody decides ----------------------------------------------------------

my @agent = ('PATCH', 'agents/desk');
is((call(@agent, { review_timeout_ms => 1000,
                   review_on_timeout => 'sometime' }))[0], 400,
   'a word that is none');
is((call(@agent, { review_timeout_ms => 1000,
                   review_on_timeout => 'handoff' }))[0], 200, 'a time-out');
$r = draft('16505550005');
ok($cx->wait_for(15, sub { review($r)->{state} eq 'rejected' }),
   'its time is over');
is(review($r)->{who}, 'timeout', '... by nobody');
ok($cx->wait_for(10, sub { sent('16505550005') == 1 }), 'the agent says so');
is((sent('16505550005'))[0]{text}, 'I will ask a colleague.',
   '... in its words');

call(@agent, { review_on_timeout => 'drop' });
$r = draft('16505550006');
ok($cx->wait_for(15, sub { review($r)->{state} eq 'rejected' }), 'dropped');

call(@agent, { review_on_timeout => 'wait' });
$r = draft('16505550007');
ok($cx->wait_for(15, sub { review($r)->{expired_at} }), 'it goes on waiting');
is(review($r)->{state}, 'waiting', '... for a person');
is(sent('16505550006') + sent('16505550007'), 0, 'nothing is said of these');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
