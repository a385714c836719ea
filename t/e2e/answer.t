# The whole path: a question becomes an answer, from knowledge, from a model,
# or by way of a person.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'auto'])
                ->start(qw(redis nginx double worker));
$cx->set_up(agent => { threshold => 0.95 });


# What the provider accepted for a customer, once there are n of them.
sub sent_to {
    my ($customer, $n) = @_;

    my @sent;
    $cx->wait_for(10, sub {
        @sent = grep { $_->{to} =~ /^\+?$customer$/ } $cx->ledger;
        @sent >= $n;
    });
    return @sent;
}


sub conversation {
    my ($customer) = @_;

    my $tail = substr $customer, -4;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return $c;
}


sub messages {
    my ($customer) = @_;

    my $id = conversation($customer)->{id};
    return @{$cx->api('GET', "/api/v1/conversations/$id/messages")->{data}};
}


# --- knowledge ---------------------------------------------------------------

is($cx->say(from => 16505551001, id => 'wamid.q1',
            text => 'When is check-out?')->{status}, 200, 'accepted');

my @sent = sent_to(16505551001, 1);
is(scalar @sent, 1, 'one answer');
like($sent[0]{text}, qr/11:00/, 'from the knowledge file');
like($sent[0]{intent}, qr/^cx1\.ms_/, 'it carries its intent');
is($sent[0]{to}, '+16505551001', 'to the number it came from, with +');

my @receipts = @{$cx->double('GET', '/_/requests?kind=receipt')->{requests}};
is($receipts[0]{body}{message_id}, 'wamid.q1', 'the question is marked read');
is($receipts[0]{body}{typing_indicator}{type}, 'text', 'and typing shown');

my ($graph) = @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
is($graph->{authorization}, "Bearer $Connext::SECRET{access_token}",
   'with the token of the channel');
like($graph->{path}, qr{/$Connext::ACCOUNT/messages$}, 'from its number');

ok($cx->wait_for(10, sub { (messages(16505551001))[-1]{state} eq 'read' }),
   'delivery statuses arrive: read');
my @m = messages(16505551001);
is_deeply([map { $_->{direction} } @m], ['in', 'out'],
          'two messages on record');
is($m[1]{provider_id}, $sent[0]{wamid}, 'with the provider\'s id');
is($m[0]{text}, 'When is check-out?', 'and the question');

my $t = $cx->api('GET', "/api/v1/events/$m[0]{event}/timeline");
is_deeply([map { $_->{id} } @{$t->{data} || $t->{messages}}],
          [map { $_->{id} } @m], 'the timeline of the event has both');

# The same event again is answered once.
is($cx->say(from => 16505551001, id => 'wamid.q1',
            text => 'When is check-out?')->{status}, 200, 'repeated: 200');

# --- nothing known -----------------------------------------------------------

$cx->say(from => 16505551002, text => 'Do you rent out submarines?');
@sent = sent_to(16505551002, 1);
is($sent[0]{text}, 'I will ask a colleague.', 'what is not known is admitted');

# --- a model -----------------------------------------------------------------

Connext::Process::write_file($cx->path('api_key'), "canary-api-key\n", 0600);
$cx->api('PATCH', '/api/v1/agents/desk', {
    provider => 'openai', model => 'double',
    base_url => "http://127.0.0.1:$cx->{double_port}/v1",
    api_key_file => $cx->path('api_key') });

$cx->say(from => 16505551003, text => 'Is there parking?');
@sent = sent_to(16505551003, 1);
like($sent[0]{text}, qr/Parking is free behind the house/,
     'the model answers from what it was given');

my ($asked) = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
is($asked->{authorization}, 'Bearer canary-api-key', 'with the key');
is($asked->{body}{messages}[-1]{content}, 'Is there parking?',
   'and the question last');

# The second question sees the first one.
$cx->say(from => 16505551003, text => 'When is check-in?');
sent_to(16505551003, 2);
my @asked = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
is_deeply([map { $_->{role} } @{$asked[-1]{body}{messages}}],
          [qw(system user assistant user)], 'history goes along');

# --- a person ----------------------------------------------------------------

my $made_up = 'We have nine pools with golden taps for 777 euros.';
$cx->script({ match => { kind => 'model', text => 'pools' },
              times => -1, do => { text => $made_up } });


sub review_of {
    my ($customer, $text) = @_;

    $cx->say(from => $customer, text => $text);
    return $cx->wait_for(10, sub {
        my $list = $cx->api('GET', '/api/v1/reviews')->{data};
        my ($r) = grep { $_->{question} eq $text } @$list;
        $r;
    });
}


my $r = review_of(16505551004, 'How many pools are there?');
is($r->{draft}, $made_up, 'what no knowledge supports waits for a person');
cmp_ok($r->{confidence}, '<', 0.95, "confidence $r->{confidence}");
ok(length $r->{reason}, "reason: $r->{reason}");
is(scalar(grep { $_->{to} =~ /1004$/ } $cx->ledger), 0, 'nothing is sent');

$cx->api('POST', "/api/v1/reviews/$r->{id}/approve");
@sent = sent_to(16505551004, 1);
is($sent[0]{text}, $made_up, 'approved: the draft is sent');

my $again = $cx->api_raw('worker', 'POST', "/api/v1/reviews/$r->{id}/approve");
is($again->{status}, 409, 'a review is decided once');

$r = review_of(16505551005, 'Are pools heated?');
$cx->api('POST', "/api/v1/reviews/$r->{id}/edit",
         { text => 'They are heated.' });
@sent = sent_to(16505551005, 1);
is($sent[0]{text}, 'They are heated.', 'edited: the new text is sent');

$r = review_of(16505551006, 'May pools be used at night?');
$cx->api('POST', "/api/v1/reviews/$r->{id}/reject", { reason => 'nonsense' });
is_deeply([map { $_->{question} } @{$cx->api('GET', '/api/v1/reviews')->{data}}],
          ['Do you rent out submarines?'],
          'rejected: only the unknown question still waits');

# --- the account -------------------------------------------------------------

my %times;
$times{$_->{to}}++ for $cx->ledger;
is($times{'+16505551001'}, 1, 'the repeated question was answered once');
is($times{'+16505551006'}, undef, 'the rejected one not at all');

# Long answers are cut at words, each part at most 4,096 characters.
$cx->script({ match => { kind => 'model', text => 'essay' },
              do => { text => join ' ', ('lorem') x 1500 } });
$r = review_of(16505551007, 'Write an essay');
$cx->api('POST', "/api/v1/reviews/$r->{id}/approve");
@sent = sent_to(16505551007, 3);
is(scalar @sent, 3, 'a long answer is cut into three');
is(scalar(grep { length $_->{text} > 4096 } @sent), 0, 'none is too long');
ok(join(' ', map { $_->{text} } @sent) eq join(' ', ('lorem') x 1500),
   'nothing is lost, in order');

$cx->finish;
done_testing();
