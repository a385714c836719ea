# What a confidence is made of, what it lets through, and how people's words
# on answers become a threshold.

use strict;
use warnings;

use Connext;
use JSON::PP qw(encode_json);
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'none'])
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', agent => { threshold => 0.95 });


sub reviews { return @{$cx->api('GET', '/api/v1/reviews?limit=200')->{data}} }


sub sent_to {
    my ($customer, $n) = @_;

    my @sent;
    $cx->wait_for(10, sub {
        @sent = grep { $_->{to} =~ /^\+?$customer$/ } $cx->ledger;
        @sent >= $n;
    });
    return @sent;
}


sub review_of {
    my ($customer, $text) = @_;

    $cx->say(from => $customer, text => $text);
    return $cx->wait_for(10, sub {
        my ($r) = grep { $_->{question} eq $text } reviews();
        $r;
    });
}


# The last message to a customer, as the API shows it.
sub answer_to {
    my ($customer) = @_;

    my $tail = substr $customer, -4;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations?limit=200')
                   ->{data}};
    my ($m) = grep { $_->{direction} eq 'out' } reverse
              @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                   ->{data}};
    return $m;
}


sub change { $cx->api('PATCH', '/api/v1/agents/desk', { @_ }) }


# A request that is refused: its status, and what is said.
sub refused {
    my ($method, $path, $body) = @_;

    my $res = $cx->api_raw('worker', $method, $path, encode_json($body),
                           'application/json');
    return ($res->{status}, $res->{body});
}


sub presets { $cx->api('GET', '/api/v1/agents/desk/presets') }


# --- evidence ----------------------------------------------------------------

$cx->say(from => 16505552001, text => 'Is there parking?');
is(scalar sent_to(16505552001, 1), 1, 'a covered question is answered');
my $m = answer_to(16505552001);
cmp_ok($m->{confidence}, '>=', 0.95, 'its confidence is on record');
like($m->{reasons}[0], qr/^\d+ of \d+ words of the question/, '... and why');
is($m->{label}, undef, 'nobody has said anything of it');

$cx->script({ match => { kind => 'model', text => 'hot tub' }, times => -1,
              do => { text => 'The hot tub costs 30 EUR, see '
                              . 'https://evil.example/tub.' } });
my $r = review_of(16505552002, 'Is there a hot tub?');
is_deeply([sort @{$r->{signals}{policy}}], [qw(amount link)],
          'a made-up link and price are hits');
ok((grep { /links to a place/ } @{$r->{reasons}}), '... in words, too');
cmp_ok($r->{confidence}, '<=', 0.3, '... and cost confidence');
is($r->{signals}{quoted} - $r->{signals}{quoted_known}, 2,
   'what it quotes is counted');
$cx->api('POST', "/api/v1/reviews/$r->{id}/reject", { reason => 'no' });

change(threshold => 0);
$r = review_of(16505552003, 'May I use the hot tub?');
ok($r, 'what must not leave waits at any threshold');
$cx->api('POST', "/api/v1/reviews/$r->{id}/edit", { text => 'No tub.' });
sent_to(16505552003, 1);

# --- the model's report ------------------------------------------------------

my ($asked) = reverse
              @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
my ($mark) = $asked->{body}{messages}[0]{content} =~ /\@\@([0-9a-f]{16})/;
ok($mark, 'a model is asked how sure it is');
change(report => JSON::PP::false());
$cx->say(from => 16505552004, text => 'When is check-in?');
sent_to(16505552004, 1);
($asked) = reverse
           @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
unlike($asked->{body}{messages}[0]{content}, qr/\@\@/, '... or not');

# --- presets -----------------------------------------------------------------

my $p = presets();
is_deeply([map { $_->{name} } @{$p->{presets}}], [qw(careful balanced bold)],
          'three presets');
is($p->{answers}, 4, 'four answers have been judged');
is_deeply([map { $_->{would_have_waited} } @{$p->{presets}}], [2, 2, 2],
          'two would have waited');
is("$p->{threshold} $p->{would_have_waited}", '0 0', 'now none would');

change(preset => 'balanced');
is(presets()->{threshold}, 0.85, 'a preset is a threshold');
is(presets()->{preset}, 'balanced', '... by name');
my ($status, $why) = refused('PATCH', '/api/v1/agents/desk',
                             { preset => 'reckless' });
is($status, 400, 'another name is refused');
like($why, qr/careful, balanced or bold/, '... with those there are');
my ($rc, $out) = $cx->ctl(qw(agents presets desk));
is($rc, 0, 'connextctl agents presets');
like($out, qr/bold\s+0\.7\S*\s+2\b/, '... shows the numbers');
like($out, qr/last 4 answers 2 would have waited at 0\.85/, '... and ours');

# --- suggest mode ------------------------------------------------------------

change(suggest => JSON::PP::true(), threshold => 0.95, preset => undef,
       provider => 'knowledge');
$r = review_of(16505552005, 'When is check-out?');
like($r->{draft}, qr/11:00/, 'in suggest mode a sure answer is a draft');
cmp_ok($r->{confidence}, '>=', 0.95, '... however sure');
$r = review_of(16505552006, 'Do you rent out submarines?');
is($r->{draft}, 'I will ask a colleague.', 'so is the sentence for the rest');
is(scalar(grep { $_->{to} =~ /200[56]$/ } $cx->ledger), 0,
   'nothing is sent');

# --- too few labels ----------------------------------------------------------

($status, $why) = refused('POST', '/api/v1/agents/desk/fit',
                          { target => 0.05 });
is($status, 409, 'two labels are no ground for a threshold');
like($why, qr/\d+ more are needed.*nothing was changed/,
     '... it says how many are missing');
my $agent = $cx->api('GET', '/api/v1/agents/desk');
ok($agent->{suggest} && $agent->{threshold} == 0.95, '... and leaves all');
($rc, $out) = $cx->ctl(qw(agents fit desk --target 0.05 --dry-run));
is($rc, 0, 'a dry run tells') or diag($out);
like($out, qr/more labels are needed/, '... the same');

# --- labels of reviewers -----------------------------------------------------

my $n = 60;
$cx->say(from => 16505553000 + $_, text => 'When is check-in?') for 1 .. $n;
my @wait;
ok($cx->wait_for(30, sub {
    @wait = grep { $_->{question} eq 'When is check-in?' } reviews();
    @wait == $n;
}), "$n drafts wait");
$cx->api('POST', "/api/v1/reviews/$_->{id}/approve") for @wait;
ok($cx->wait_for(30, sub {
    (grep { $_->{to} =~ /30\d\d$/ } $cx->ledger) == $n;
}), 'and are sent');

my $f = $cx->api('POST', '/api/v1/agents/desk/fit',
                 { target => 0.05, dry_run => JSON::PP::true() });
ok($f->{found} && !$f->{applied}, 'they are enough');
is("$f->{labels} $f->{wrong} $f->{above} $f->{wrong_above}", '62 2 60 0',
   'what was rejected or edited was wrong');
is($f->{interval}, 'clopper-pearson', 'the interval has a name');
cmp_ok(abs($f->{high} - 0.0487), '<', 0.0005, '60 without a mistake: 4.9 %');

$f = $cx->api('POST', '/api/v1/agents/desk/fit', { target => 0.05 });
ok($f->{applied}, 'fitted');
$agent = $cx->api('GET', '/api/v1/agents/desk');
is($agent->{threshold}, $f->{threshold}, 'the threshold is set');
ok(!$agent->{suggest}, 'suggest mode is over');
is($cx->api('GET', "/api/v1/audit?ref=$agent->{id}&limit=1")->{data}[0]{what},
   'agent.change', '... a change of the agent, in the audit');
($status) = refused('POST', '/api/v1/agents/desk/fit', { target => 0.02 });
is($status, 409, 'for another target they are too few');

# --- looked at afterwards ----------------------------------------------------

change(sample => 100);
$cx->say(from => 16505552007, text => 'When is check-out?');
is(scalar sent_to(16505552007, 1), 1, 'it answers by itself again');
my @drawn = @{$cx->api('GET', '/api/v1/agents/desk/samples')->{data}};
is(scalar @drawn, 1, 'the answer was drawn');
like($drawn[0]{text}, qr/11:00/, '... here it is');
($rc, $out) = $cx->ctl('messages', 'label', $drawn[0]{id}, '--label', 'wrong');
is($rc, 0, 'a person says that it was wrong') or diag($out);
is(answer_to(16505552007)->{label}, 'wrong', '... on record');
is(scalar @{$cx->api('GET', '/api/v1/agents/desk/samples')->{data}}, 0,
   '... and no more to be looked at');

$m = answer_to(16505552001);
$cx->api('POST', "/api/v1/messages/$m->{id}/label", { label => 'wrong' });
$f = $cx->api('POST', '/api/v1/agents/desk/fit',
              { target => 0.2, dry_run => JSON::PP::true() });
is("$f->{labels} $f->{samples} $f->{marks}", '63 1 1',
   'a mark of an answer that nobody drew is no sample');

my ($in) = grep { $_->{direction} eq 'in' }
           @{$cx->api('GET', "/api/v1/conversations/$m->{conversation}"
                             . '/messages')->{data}};
($status) = refused('POST', "/api/v1/messages/$in->{id}/label",
                    { label => 'wrong' });
is($status, 409, 'what a customer wrote has no label');

$cx->finish;
done_testing();
