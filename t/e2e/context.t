# What a model is shown: history by count and by tokens, a summary of what is
# older, and numbers that it must not see.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1,
            agent => { history => 4, report => JSON::PP::false() });

my ($ada, $bob, $eve) = (16505551001, 16505551002, 16505551003);


sub config {
    $cx->api('PATCH', '/api/v1/agents/desk', { @_ });
}


# What was asked of models, oldest first: their messages.
sub asked {
    return map { $_->{body}{messages} }
           @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
}


sub system_of   { return $_[0][0]{content} }
sub question_of { return $_[0][-1]{content} }


# Of those that answer somebody, the one with that question.
sub asked_of {
    my ($question) = @_;

    return grep { question_of($_) eq $question } asked();
}


# Says it, and waits for the answer's text.
my %got;

sub ask {
    my ($from, $text) = @_;

    my $n = ++$got{$from};
    is($cx->say(from => $from, text => $text)->{status}, 200, "asked: $text");
    my @sent;
    $cx->wait_for(10, sub {
        @sent = grep { $_->{to} =~ /^\+?$from$/ } $cx->ledger;
        @sent >= $n;
    }) or diag($cx->logs);
    return $sent[$n - 1]{text};
}


# --- history by count --------------------------------------------------------

is(ask($ada, "question $_"), "echo: question $_", 'answered') for 1 .. 4;
my ($m) = asked_of('question 4');
is_deeply([map { $_->{content} } @{$m}[1 .. $#$m]],
          ['question 2', 'echo: question 2', 'question 3', 'echo: question 3',
           'question 4'], 'the newest four messages, and the question');
unlike(system_of($m), qr/question 1/, 'nothing else of them');

# --- more than the worker's own ----------------------------------------------

config(history => 30);
ask($bob, "bob $_") for 1 .. 13;
($m) = asked_of('bob 13');
is(scalar @$m, 1 + 24 + 1, 'an agent may want more than [worker] history');

# --- history by tokens -------------------------------------------------------

config(history_tokens => 60);
ask($bob, 'bob 14');
($m) = asked_of('bob 14');
cmp_ok(scalar @$m, '<', 14, 'so many tokens, and not more');
cmp_ok(scalar @$m, '>', 4, '... but as many as fit');
is($m->[-2]{content}, 'echo: bob 13', 'the newest ones');

# --- a summary ---------------------------------------------------------------

# What was paid so far, in tokens; and what a budget has counted of it.
sub tokens {
    my ($all) = @{$cx->api('GET', '/api/v1/usage?by=total')->{data}};
    return $all->{tokens_in} + $all->{tokens_out};
}


sub budget {
    my ($b) = @{$cx->api('GET', '/api/v1/budgets')->{data}};
    return $b;
}

my $before = tokens();
$cx->api('POST', '/api/v1/budgets', { name => 'all', scope => 'tenant',
                                      period => 'day', unit => 'tokens',
                                      limit => 1_000_000 });
config(history => 4, history_tokens => 0, summary_after => 4);
$cx->script({ match => { kind => 'model', text => 'Messages:' }, times => -1,
              do => { text => 'Ada has asked the first questions.' } });

# 4 older ones are in no summary: they stay until there is one.
ask($ada, 'question 5');
($m) = asked_of('question 5');
is(scalar @$m, 1 + 8 + 1, 'what no summary tells of stays');

my @told;
ok($cx->wait_for(10, sub {
    @told = grep { question_of($_) =~ /Messages:/ } asked();
}), 'older messages are told shorter, in the background');
like(question_of($told[0]),
     qr/^Messages:\nCustomer: question 1\nBusiness: echo: question 1\n/,
     '... who said what');
unlike(question_of($told[0]), qr/question [345]/, '... and no newer ones');
unlike(system_of($told[0]), qr/colleague/, '... as a task of its own');
ok($cx->wait_for(10, sub { $cx->logs =~ /"summary".*"written":1/ }),
   '... on record');

ask($ada, 'question 6');
($m) = asked_of('question 6');
like(system_of($m), qr/Ada has asked the first questions\./,
     'the next question comes with it');
unlike(join("\n", map { $_->{content} } @{$m}[1 .. $#$m]), qr/question [12]$/m,
       '... in place of what it tells of');

my $calls = scalar asked();
ok($cx->wait_for(10, sub {
    my ($all) = @{$cx->api('GET', '/api/v1/usage?by=total')->{data}};
    $all->{calls} == $calls;
}), 'it is among what was paid for');
ok($cx->wait_for(10, sub {
    budget()->{used} == tokens() - $before && budget()->{reserved} == 0;
}), '... and the budget has counted it');

# --- nothing left to pay it with ---------------------------------------------

my $place = '/api/v1/budgets/' . budget()->{id};
$cx->api('PATCH', $place, { limit => budget()->{used} + 1200 });
config(max_tokens => 100);
$calls = scalar asked();
ask($bob, 'bob 15');
($m) = asked_of('bob 15');
is(scalar @$m, 1 + 8 + 1, 'an answer can be paid ...');
ok($cx->wait_for(10, sub { $cx->logs =~ /"summary.refused"/ }),
   '... a summary cannot');
is(scalar asked(), $calls + 1, '... and is left out');
$cx->api('DELETE', $place);

# --- numbers -----------------------------------------------------------------

my ($card, $iban) = ('4111 1111 1111 1111', 'DE89 3704 0044 0532 0130 00');
config(summary_after => 0);

is(ask($eve, "charge $card or $iban"), "echo: charge $card or $iban",
   'they come back at sending');
ok(asked_of('charge [card-1] or [iban-1]'), 'the model saw tokens');

is(ask($eve, '[card-1] please'), 'echo: [card-1] please',
   'who writes a token gets nothing for it');
($m) = asked_of('[card-1] please');
is($m->[1]{content}, 'charge [card-2] or [iban-1]',
   '... and the number has another one');

my ($c) = grep { $_->{phone_masked} =~ /1003$/ }
          @{$cx->api('GET', '/api/v1/conversations')->{data}};
my ($first) = @{$cx->api('GET',
                         "/api/v1/conversations/$c->{id}/messages")->{data}};
is($first->{text}, "charge $card or $iban", 'people see what was written');

my $seen = join "\n", map { question_of($_), map { $_->{content} } @$_ }
           asked();
for my $number ($card, $iban, $card =~ tr/ //dr, $iban =~ tr/ //dr) {
    unlike($seen, qr/\Q$number/, "no model has seen $number");
    unlike($cx->logs, qr/\Q$number/, '... and no log');
}

config(mask => JSON::PP::false());
ask($eve, "again: $card");
ok(asked_of("again: $card"), 'an agent may do without that');

is_deeply([$cx->bad_log_lines], [], 'clean logs');
$cx->finish;
done_testing();
