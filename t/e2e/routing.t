# Who answers: by words, hours and load, an agent or people; and conversations
# that are closed, end by themselves and go on again.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'none'],
                      worker => { 'worker.lease_ms' => 1500 })
                ->start(qw(redis nginx double worker));
$cx->set_up(no_knowledge => 1);


# --- words for what follows --------------------------------------------------

# The newest configuration that the worker has read.
sub version {
    my @seen = $cx->logs =~ /"directory".*"version":(\d+)/g;

    return (sort { $b <=> $a } @seen)[0] // 0;
}


# A change through the API, and the worker has read it.
sub change {
    my @call = @_;

    my $before = version();
    my $answer = $cx->api(@call);
    $cx->wait_for(10, sub { version() > $before }) or die "not read: @call\n";
    return $answer;
}


# An agent that says its name.
sub agent {
    my ($name, %more) = @_;

    change('POST', '/api/v1/agents',
           { name => $name, threshold => 0.3, handoff => 'Later.', %more })
        unless $name eq 'desk';
    $cx->knowledge($name, 'faq.csv', <<"_END");
question,answer
Is there parking?,$name: there is parking.
I want a refund,$name: a refund is possible.
_END
}


sub conversation {
    my ($customer) = @_;

    my $tail = substr $customer, -4;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations?state=all&limit=200')
                   ->{data}};
    return $c // {};
}


sub path_of { return '/api/v1/conversations/' . conversation($_[0])->{id} }


sub messages {
    my ($customer) = @_;

    return @{$cx->api('GET', path_of($customer) . '/messages')->{data}};
}


# Says it and tells who has answered; the nth answer to that customer.
sub answerer {
    my ($customer, $text, $n) = @_;

    my @sent;
    $cx->say(from => $customer, text => $text);
    $cx->wait_for(10, sub {
        @sent = grep { $_->{to} =~ /$customer$/ } $cx->ledger;
        @sent >= ($n // 1);
    });
    return ($sent[($n // 1) - 1]{text} // 'nobody') =~ s/:.*//r;
}


# Says it and tells the reason why it waits for people.
sub waits {
    my ($customer, $text, $n) = @_;

    my @waiting;
    $cx->say(from => $customer, text => $text);
    $cx->wait_for(10, sub {
        my $id = conversation($customer)->{id} // return 0;
        @waiting = grep { $_->{conversation} eq $id
                          && $_->{question} =~ /\Q$text\E/ }
                   @{$cx->api('GET', '/api/v1/reviews')->{data}};
        @waiting > 0;
    });
    return $waiting[0]{reason} // 'does not wait';
}


sub rule {
    my ($name, %what) = @_;

    return change('POST', '/api/v1/routes', { name => $name, %what });
}


agent($_) for qw(desk billing night);


# --- words -------------------------------------------------------------------

rule('refunds', words => 'refund, money back', agent => 'billing');
is(answerer(15550100001, 'Is there parking?'), 'desk',
   'no rule: the agent of the channel');
is(conversation(15550100001)->{agent}, undef, '... and it stays free');
is(answerer(15550100002, 'I want a REFUND!'), 'billing', 'a word: its agent');
is(answerer(15550100002, 'Is there parking?', 2), 'billing',
   '... who has the conversation now');
is(conversation(15550100002)->{agent}, 'billing', '... as is seen');
is(answerer(15550100001, 'I want a refund', 2), 'billing',
   'the rule is asked as long as none has matched');

my $t = $cx->api('POST', '/api/v1/routes/test',
                 { channel => 'wa-main', text => 'My money back, please' });
is("$t->{to} $t->{agent} $t->{rule} $t->{why} $t->{language}",
   'agent billing refunds rule en', 'what would be decided');
$t = $cx->api('POST', '/api/v1/routes/test',
              { channel => 'wa-main', text => 'refunded' });
is("$t->{to} $t->{agent} $t->{why} $t->{rules}[0]{why}",
   'agent desk channel no_word', '... and why not');

# --- hours -------------------------------------------------------------------

# Now, as UTC has it; the whole day around, and the other half of the week.
my $day = (qw(su mo tu we th fr sa))[(gmtime)[6]];
my $next = (qw(su mo tu we th fr sa su))[(gmtime)[6] + 1];
my $open = "$day-$next 00:00-24:00";
my $shut = (grep { $_ ne $day && $_ ne $next } qw(mo tu we th fr))[0]
           . ' 00:00-24:00';

change('PATCH', '/api/v1/routes/refunds', { hours => $shut });
is(answerer(15550100003, 'I want a refund'), 'desk', 'outside of its hours');
change('PATCH', '/api/v1/routes/refunds', { hours => $open });
is(answerer(15550100004, 'I want a refund'), 'billing', 'within them');

change('PATCH', '/api/v1/agents/billing', { hours => $shut });
is(waits(15550100005, 'I want a refund'), 'agent_away',
   'an agent that is away: people');
change('PATCH', '/api/v1/agents/billing', { hours => '', active => \0 });
is(waits(15550100006, 'I want a refund'), 'agent_inactive',
   'one that is off: people');
rule('refunds-night', words => 'refund', agent => 'night');
is(answerer(15550100007, 'I want a refund'), 'night', '... or the next rule');
change('PATCH', '/api/v1/agents/billing', { active => \1 });
$t = $cx->api('POST', '/api/v1/routes/test',
              { channel => 'wa-main', text => 'refund',
                at => 1767614400000 });       # a Monday noon
is($t->{rules}[0]{why}, $open =~ /mo/ ? 'rule' : 'outside_hours',
   'a test at another time');

my $bad = $cx->api_raw('worker', 'POST', '/api/v1/routes',
                       '{"name":"x","hours":"always"}');
is($bad->{status}, 400, 'hours that are none');
$bad = $cx->api_raw('worker', 'POST', '/api/v1/routes',
                    '{"name":"x","zone":"../../etc/passwd"}');
is($bad->{status}, 400, 'a zone that is none');

# --- balancing ---------------------------------------------------------------

change('DELETE', "/api/v1/routes/$_") for qw(refunds refunds-night);
change('POST', '/api/v1/groups',
       { name => 'team', members => ['billing',
                                     { agent => 'night', weight => 1 }] });
my %open = map { $_->{agent} => $_->{open} }
           @{$cx->api('GET', '/api/v1/groups/team')->{members}};
rule('all', group => 'team');
my %got;
$got{answerer(15550100100 + $_, 'Is there parking?')}++ for 1 .. 10;
%got = map { $_ => $open{$_} + ($got{$_} // 0) } qw(billing night);
cmp_ok(abs($got{billing} - $got{night}), '<=', 1,
       "work is shared evenly: $got{billing} and $got{night}");

change('PATCH', '/api/v1/groups/team',
       { members => [{ agent => 'night', max_open => $got{night} }] });
is(waits(15550100120, 'Is there parking?'), 'full', 'all full: people');
change('DELETE', '/api/v1/routes/all');

# --- hand-over ---------------------------------------------------------------

is(answerer(15550100200, 'Is there parking?'), 'desk', 'a conversation');
$cx->api('PATCH', path_of(15550100200), { agent => undef });
is(waits(15550100200, 'Hello? Is there parking?'), 'people', 'given to people');
my $c = conversation(15550100200);
ok(!defined $c->{agent} && $c->{assigned}, '... as is seen');
$cx->api('PATCH', path_of(15550100200), { agent => 'night' });
is(answerer(15550100200, 'Is there parking?', 2), 'night',
   'and back, to another agent');
is_deeply([map { $_->{id} }
           @{$cx->api('GET', '/api/v1/conversations?agent=none')->{data}}],
          [], 'nobody waits for people for ever');
ok((grep { $_->{id} eq $c->{id} }
    @{$cx->api('GET', '/api/v1/conversations?agent=night')->{data}}),
   'found by its agent');

# --- recorded, not answered --------------------------------------------------

change('PATCH', '/api/v1/channels/wa-main', { active => \0 });
$cx->say(from => 15550100300, text => 'Is there parking?');
ok($cx->wait_for(10, sub { conversation(15550100300)->{id} }),
   'an inactive channel: recorded');
my ($m) = messages(15550100300);
is("$m->{text} $m->{ignored}", 'Is there parking? channel_inactive',
   '... with the reason');
is($m->{turn}, undef, '... and not answered');
change('PATCH', '/api/v1/channels/wa-main', { active => \1 });

$cx->post(Connext::Sample::delivery(account => '999', messages => [
    Connext::Sample::text_message(from => 15550100301, text => 'Who?',
                                  id => 'wamid.nobody')]));
my @dead;
ok($cx->wait_for(10, sub {
       @dead = grep { $_->{kind} eq 'event' }
               @{$cx->api('GET', '/api/v1/dead-letters')->{data}};
       @dead == 1 }), 'a recipient nobody knows: a dead letter');
is($dead[0]{reason}, 'unknown_channel', '... with the reason');

# --- closed, archived --------------------------------------------------------

is(answerer(15550100400, 'Is there parking?'), 'desk', 'a conversation');
$cx->api('PATCH', path_of(15550100400), { agent => 'night' });
my ($rc, $out) = $cx->ctl('conversations', 'close',
                          conversation(15550100400)->{id});
is($rc, 0, 'closed') or diag($out);
is(conversation(15550100400)->{state}, 'closed', '... as is seen');
$cx->api('POST', path_of(15550100400) . '/messages', { text => 'Bye!' });
ok($cx->wait_for(10, sub { grep { $_->{text} eq 'Bye!' } $cx->ledger }),
   'what people say goes out');
is(answerer(15550100400, 'Is there parking?', 3), 'desk',
   'who writes again opens it, and is routed anew');
is(conversation(15550100400)->{state}, 'active', '... as is seen');

$cx->api('PATCH', path_of(15550100400), { state => 'archived' });
my $id = conversation(15550100400)->{id};
ok(!(grep { $_->{id} eq $id }
     @{$cx->api('GET', '/api/v1/conversations?limit=200')->{data}}),
   'archived: not in the list');
is_deeply([map { $_->{id} }
           @{$cx->api('GET', '/api/v1/conversations?state=archived')->{data}}],
          [$id], '... unless it is asked for');
is(answerer(15550100400, 'Is there parking?', 4), 'desk',
   'even so, who writes is answered');

# --- from a shell -----------------------------------------------------------

my $before = version();
is(($cx->ctl(qw(groups add --name shell --member night:2:20 --member desk)))[0],
   0, 'a group from a shell');
is(($cx->ctl(qw(routes add --name shell --group shell), '--words',
             'parking space, garage', '--hours', 'mo-su 00:00-24:00',
             qw(--zone Europe/Berlin)))[0], 0, '... and a rule for it');
$cx->wait_for(10, sub { version() >= $before + 2 });
($rc, $out) = $cx->ctl('routes', 'test', '--text', 'A parking space?');
like($out, qr/^agent (?:night|desk), rule shell; language: /,
     'what it would decide');
($rc, $out) = $cx->ctl(qw(routes test --channel wa-main --text Parking?));
like($out, qr/^agent desk, channel; .*shell +no_word/s, '... or would not');
($rc, $out) = $cx->ctl('routes', 'list');
like($out, qr/shell +.*parking space, garage/, 'the list of rules');
($rc, $out) = $cx->ctl('groups', 'get', 'shell', '-o', 'json');
like($out, qr/"max_open":\s*20/, 'the group as it is');
is(($cx->ctl(qw(groups remove shell --yes)))[0], 6, 'a rule keeps its group');
is(($cx->ctl(qw(routes remove shell --yes)))[0], 0, 'removed');
is(($cx->ctl(qw(groups remove shell --yes)))[0], 0, '... with its group');
is(($cx->ctl(qw(routes add --name x --hours always)))[0], 7,
   'hours that are none');

# --- by themselves -----------------------------------------------------------

$cx->{conf}{'conversations.close_after'} = '1s';
$cx->{conf}{'conversations.archive_after'} = '4s';
$cx->stop('worker');
$cx->start('worker');
ok($cx->wait_for(20, sub { conversation(15550100001)->{state} eq 'closed' }),
   'an idle conversation is closed');
isnt(conversation(15550100005)->{state}, 'closed',
     'not one that waits for people');
is(answerer(15550100001, 'Is there parking?', 3), 'desk',
   'which goes on when the customer does, as if it were new');
ok($cx->wait_for(20, sub { conversation(15550100003)->{state} eq 'archived' }),
   'and is archived in the end');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
