# A person takes a conversation over: the AI that thinks about it says nothing,
# messages wait for people, and given back it answers again.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(json);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);
$cx->script({ match => { kind => 'model', text => 'slowly' }, times => -1,
              do => { act => 'ok', delay_ms => 1500, text => 'Too late.' } });
my ($anna, $ben) = ('16505551234', '16505555678');


sub call {
    my ($method, $path, $what) = @_;

    my $res = $cx->api_raw('worker', $method, "/api/v1/$path",
                           $what ? json()->encode($what) : undef);
    return ($res->{status}, $res->{body} ? json()->decode($res->{body}) : {});
}


sub talk_of {
    my ($customer) = @_;

    my ($tail, $found) = (substr $customer, -4);
    $cx->wait_for(10, sub {
        ($found) = grep { ($_->{phone_masked} // '') =~ /$tail$/ }
                   @{$cx->api('GET', '/api/v1/conversations')->{data}};
    });
    return $found;
}


sub messages {
    my ($c) = @_;

    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
               ->{data}};
}


sub sent { my ($to) = @_; return grep { $_->{to} =~ /$to$/ } $cx->ledger }

sub thinking {
    my ($n) = @_;

    return $cx->wait_for(10, sub {
        $n == @{$cx->double('GET', '/_/requests?kind=model')->{requests}} });
}


sub waiting {
    my ($c) = @_;

    return grep { $_->{conversation} eq $c->{id} }
           @{$cx->api('GET', '/api/v1/reviews')->{data}};
}


# --- while the AI thinks -----------------------------------------------------

$cx->say(id => 'wamid.1', text => 'Answer slowly, please', from => $anna);
ok(thinking(1), 'the AI thinks');
my $c = talk_of($anna);
my ($status, $got) = call('POST', "conversations/$c->{id}/take",
                          { who => 'ann' });
is($status, 200, 'a person takes over');
is("$got->{taken_by} $got->{bot}", 'ann off', '... and has it');
call('POST', "conversations/$c->{id}/messages", { text => 'Ann here.' });
ok($cx->wait_for(10, sub { sent($anna) == 1 }), 'she answers');

$cx->say(id => 'wamid.2', text => 'Thank you. And parking?', from => $anna);
ok($cx->wait_for(10, sub { waiting($c) == 1 }), 'what comes then waits');
my ($review) = waiting($c);
is("$review->{reason} [$review->{draft}]", 'taken []', '... for her');
$cx->say(id => 'wamid.3', text => 'And breakfast?', from => $anna);
ok($cx->wait_for(10, sub { (waiting($c))[0]{question} =~ /breakfast/ }),
   '... all of it as one');

# The model's answer is here by now: another one, which came later, is.
$cx->say(id => 'wamid.4', text => 'Answer slowly, please', from => $ben);
ok($cx->wait_for(15, sub { sent($ben) == 1 }), 'others are answered');
is_deeply([map { $_->{text} } sent($anna)], ['Ann here.'],
          'never both: the AI has said nothing to her');

# --- who has it --------------------------------------------------------------

($status, $got) = call('POST', "conversations/$c->{id}/take",
                       { who => 'bob' });
is($status, 409, 'a second person does not get it');
like($got->{detail}, qr/ann has it/, '... and is told who has');
is((call('POST', "conversations/$c->{id}/take",
         { who => 'bob', force => JSON::PP::true }))[0], 200,
   '... unless he insists');

# --- only if nobody has answered ---------------------------------------------

my $seen = (grep { $_->{direction} eq 'in' } messages($c))[-1]{id};
is((call('POST', "conversations/$c->{id}/messages",
         { text => 'Bob here.', after => $seen }))[0], 201,
   'a word after what was seen');
is((call('POST', "conversations/$c->{id}/messages",
         { text => 'Cem here.', after => $seen }))[0], 409,
   'a second one is late');

# --- given back --------------------------------------------------------------

my ($code, $out) = $cx->ctl('conversations', 'give', $c->{id});
is($code, 0, 'given back') or diag $out;
$cx->say(id => 'wamid.5', text => 'Is anybody there?', from => $anna);
ok($cx->wait_for(10, sub { sent($anna) == 3 }), 'the AI answers again');
ok($cx->wait_for(10, sub {
    (grep { $_->{author} eq 'ai' } messages($c))[-1]{state} eq 'accepted' }),
   '... that one');

# --- another person's word ends a thought, too -------------------------------

$cx->say(id => 'wamid.6', text => 'Once more slowly', from => $ben);
ok(thinking(4), 'the AI thinks');
my $b = talk_of($ben);
call('POST', "conversations/$b->{id}/messages", { text => 'Ann here.' });
$cx->say(id => 'wamid.7', text => 'Hello', from => $ben);
ok($cx->wait_for(15, sub { sent($ben) == 3 }), 'what comes next is answered');
is((sent($ben))[1]{text}, 'Ann here.', '... what was asked before, by her');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
