# Each provider against its double, streamed and whole: the answer or that of
# the fallback comes within the deadline, whatever goes wrong, and the usage is
# on record.  All cases of a provider run at once.

use strict;
use warnings;

use Connext;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 5 : 1;
my $DEADLINE = 5 * $PATIENCE;
my $SECOND = 'The second one speaks.';
my $HANDOFF = 'I will ask a colleague.';
my %USAGE = (in => 210, cached => 128, out => 14);

my %PRICE = (name => 'price', description => 'Price of a stay.',
             insecure => JSON::PP::true,
             parameters => { type => 'object', required => ['nights'],
                             properties => { nights => { type => 'integer' } } });

my $cx;
my $customer = 16505558000;

# name => [what the double does, who answers, outcome of the call on record,
# 1: some of the answer came, and what was paid is guessed; '?': maybe]
my %CASES = (
    normal   => [{}, 'own', 'ok'],
    slow     => [{ first_ms => 150, pause_ms => 15 }, 'own', 'ok'],
    thinking => [{ thoughts => 'A secret thought.' }, 'own', 'ok'],
    refusal  => [{ finish => 'filtered' }, 'handoff', 'ok'],
    crawls   => [{ act => 'drip', drip_ms => 20 }, 'second', 'retry'],
    truncated => [{ act => 'truncated' }, 'second', 'retry', 1],
    early    => [{ act => 'ended_early' }, 'second', 'retry', 1],
    reset    => [{ act => 'reset_midway' }, 'second', 'retry', '?'],
    closed   => [{ act => 'close_before' }, 'second', 'retry'],
    silent   => [{ act => 'hang_before' }, 'second', 'retry'],
    tokenless => [{ act => 'half_then_hang', after => 0 }, 'second', 'retry',
                  '?'],
    stalled  => [{ act => 'half_then_hang', after => 2 }, 'second', 'retry',
                 1],
    json     => [{ act => 'bad_json', after => 2 }, 'second', 'retry', 1],
    fails    => [{ error => 'overloaded', after => 2 }, 'second', 'retry', 1],
    quota    => [{ error => 'quota' }, 'second', 'refused'],
    (map { ("status$_" => [{ status => $_ }, 'second', 'refused'] ) }
         400, 401, 402, 403, 404, 413, 422),
    (map { ("status$_" => [{ status => $_ }, 'second', 'retry'] ) }
         408, 409, 429, 500, 502, 503, 504, 529),
);

my %PROVIDERS = (
    openai    => { base => '/v1' },
    responses => { base => '/v1' },
    anthropic => { base => '', options => { thinking => 'adaptive' } },
    gemini    => { base => '/v1beta' },
    vapi      => { base => '' },
);


# Rows of the record, each a list of columns.
sub rows {
    my ($sql) = @_;

    my @command = ('sqlite3', '-separator', "\t", $cx->path('connext.db'));
    if (($ENV{CONNEXT_STORE} // 'sqlite') ne 'sqlite') {
        my ($name, $place) = $cx->store_url
                             =~ m{^postgresql://[^/]*/(\w+)\?host=(.*)};
        @command = ('psql', '-X', '-q', '-A', '-t', '-F', "\t", '-h', $place,
                    '-U', 'postgres', '-d', $name, '-c');
    }

    open my $f, '-|', @command, $sql or die "$command[0]: $!\n";
    my @rows = map { chomp; [split /\t/, $_, -1] } <$f>;
    close $f or die "$command[0] failed\n";
    return @rows;
}


sub origin {
    my ($name) = @_;

    return "http://127.0.0.1:$cx->{double_port}/$name";
}


sub start {
    my ($streamed) = @_;

    $cx = Connext->new(worker => {
        'ai.stream'         => $streamed ? 'on' : 'off',
        'ai.timeout_ms'     => 1200 * $PATIENCE,
        'ai.deadline_ms'    => 1000 * $DEADLINE,
        'ai.first_token_ms' => 700 * $PATIENCE,
        'ai.retries'        => 0,
        'tools.allow_private' => 'on',
        'ai.breaker_calls'  => 1000000,
        'ai.breaker_failures' => 1000000,
    })->start(qw(redis nginx double worker));
    $cx->set_up(provider => 'openai', no_knowledge => 1);
}


# The agent asks this provider first, and one that always answers then.
sub use_provider {
    my ($name) = @_;

    my $key = $cx->path('api_key');
    $cx->api('PATCH', '/api/v1/agents/desk', {
        provider => $name, base_url => origin($name) . $PROVIDERS{$name}{base},
        model => "$name-model", api_key_file => $key, max_tokens => 300,
        options => $PROVIDERS{$name}{options} || {},
        tools => [{ %PRICE, url => origin('tool') . '/price' }],
        fallbacks => [{ provider => 'openai', model => 'second-model',
                        base_url => origin('second') . '/v1',
                        api_key_file => $key }] });
}


# What differs: an end of a body is Vapi's only end of a stream, it knows no
# refusals, and its streams tell no usage.
sub cases_of {
    my ($name, $streamed) = @_;

    my %cases = %CASES;
    delete $cases{refusal} if $name eq 'vapi';
    delete @cases{qw(early fails)} if $name eq 'vapi' && $streamed;
    delete @cases{qw(tokenless stalled)} if !$streamed;
    $cases{fails} = [{ error => 'overloaded' }, 'second', 'retry']
        if !$streamed;
    return %cases;
}


sub run_cases {
    my ($name, $streamed) = @_;

    my %cases = cases_of($name, $streamed);
    my %from = map { $_ => ++$customer } sort keys %cases;
    my $how = $streamed ? 'streamed' : 'whole';

    $cx->double('POST', '/_/reset');
    $cx->script((map { +{
        match => { kind => 'model', path => "/$name/", text => "about $_?" },
        times => -1,
        do => { text => "This is what $name says of $_ to you.",
                usage => \%USAGE, %{$cases{$_}[0]} } } } sort keys %cases),
        { match => { kind => 'model', path => '/second/' }, times => -1,
          do => { text => $SECOND, usage => \%USAGE } });

    my $since = time;
    $cx->say(from => $from{$_}, text => "What about $_?")
        for sort keys %cases;

    my (%got, %after);
    $cx->wait_for($DEADLINE + 5, sub {
        for my $sent ($cx->ledger) {
            my ($to) = $sent->{to} =~ /(\d+)$/;
            $after{$to} //= time - $since;
            $got{$to} = $sent->{text};
        }

        keys %got == keys %cases;
    });

    my %calls = calls_of($name, %from);

    for my $case (sort keys %cases) {
        my (undef, $who, $outcome, $some) = @{$cases{$case}};
        my $to = $from{$case};
        my $text = $who eq 'own' ? "This is what $name says of $case to you."
                   : $who eq 'handoff' ? $HANDOFF : $SECOND;

        is($got{$to}, $text, "$name, $how, $case: $who");
        cmp_ok($after{$to} // 1e9, '<', $DEADLINE, '... within the deadline');

        # Four bytes a token, or what the beginning of the stream has told.
        my $calls = $calls{$case} || [];
        my @guess;
        @guess = splice @{$calls->[0]}, 3, 3, 0, 0, 0
            if $some && $streamed && @$calls;
        is_deeply($calls, wanted($name, $streamed, $who, $outcome),
                  '... with its usage on record');
        cmp_ok($guess[0], '>', 0, '... also of what was broken off')
            if @guess && $some eq '1';
    }
}


# The calls of each case: provider, model, outcome and tokens.  The record is
# written with the plan of the turn, before the answer leaves.
sub calls_of {
    my ($name, %from) = @_;

    my %case = reverse %from;
    my %calls;

    for my $row (rows(<<'SQL')) {
SELECT i.peer, k.n, k.provider, k.model, k.outcome, k.tokens_in,
    k.tokens_cached, k.tokens_out
FROM ai_calls k JOIN identities i ON i.conversation_id = k.conversation_id
ORDER BY k.turn_id, k.n
SQL
        my ($peer, undef, @call) = @$row;
        $peer =~ s/\D//g;
        push @{$calls{$case{$peer}}}, \@call if defined $case{$peer};
    }

    return %calls;
}


sub wanted {
    my ($name, $streamed, $who, $outcome) = @_;

    my @tokens = @USAGE{qw(in cached out)};
    my @own = $name eq 'vapi' ? ($streamed ? (0, 0, 0) : (210, 0, 14))
                              : @tokens;
    my $model = $name ne 'vapi' ? "$name-model"
                : $streamed ? 'vapi-model' : 'double-chat';

    return [[$name, $model, 'ok', @own]] if $who ne 'second';
    return [[$name, "$name-model", $outcome, 0, 0, 0],
            ['openai', 'second-model', 'ok', @tokens]];
}


# What the model wants to know goes there and back as its API has it, with what
# it wants to have back: the double refuses a request without that.
sub run_tools {
    my ($name, $streamed) = @_;

    my $to = ++$customer;
    my $how = $streamed ? 'streamed' : 'whole';
    my @match = (match => { kind => 'model', path => "/$name/" });

    $cx->double('POST', '/_/reset');
    $cx->script(
        { match => { path => '/tool/price' }, times => -1,
          do => { status => 200, body => { price => 'ninety' } } },
        { @match, do => { text => 'Let me see.', thoughts => 'Two nights.',
                          usage => \%USAGE,
                          tools => [{ name => 'price',
                                      arguments => { nights => 2 } },
                                    { name => 'price',
                                      arguments => { nights => 3 } }] } },
        { @match, do => { tools => [{ name => 'price',
                                      arguments => { nights => 4 } }],
                          thoughts => 'Four.', usage => \%USAGE } },
        { @match, times => -1,
          do => { usage => \%USAGE } },
        { match => { kind => 'model', path => '/second/' }, times => -1,
          do => { text => $SECOND } });

    $cx->say(from => $to, text => 'What is the price?');
    my $sent;
    $cx->wait_for($DEADLINE + 5, sub {
        ($sent) = grep { $_->{to} =~ /$to$/ } $cx->ledger });
    like($sent ? $sent->{text} : '', qr/^result: .*ninety/,
         "$name, $how: what a tool said");

    my @asked = @{$cx->double('GET', '/_/requests?kind=other')->{requests}};
    is_deeply([sort map { $_->{body}{nights} // $_->{body}{arguments}{nights} }
               @asked], [2, 3, 4], '... which was called with what it wanted');
    my %calls = calls_of($name, tools => $to);
    is_deeply([map { $_->[2] } @{$calls{tools}}], ['ok', 'ok', 'ok'],
              '... and each call of the model is on record');
}


# Vapi keeps the conversation; when it has forgotten it, it is told all of it.
sub run_previous {
    my ($streamed) = @_;

    my $to = ++$customer;
    my $how = $streamed ? 'streamed' : 'whole';
    my $ask = sub {
        my ($text, $n) = @_;

        $cx->say(from => $to, text => $text);
        $cx->wait_for($DEADLINE + 5, sub {
            $n == grep { $_->{to} =~ /$to$/ } $cx->ledger });
        return map { $_->{body} }
               @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
    };

    $cx->double('POST', '/_/reset');
    $ask->('Is there a pool?', 1);
    my @asked = $ask->('And a sauna?', 2);
    is_deeply([map { $_->{previousChatId} } @asked], [undef, 'chat-double'],
              "vapi, $how: the last chat goes on");
    is_deeply([map { $_->{content} } grep { $_->{role} eq 'user' }
               @{$asked[1]{input}}], ['And a sauna?'],
              '... and has what was said before');

    $cx->script({ match => { kind => 'model' }, do => { status => 404 } });
    @asked = $ask->('And a bar?', 3);
    is_deeply([map { $_->{previousChatId} } @asked[2, 3]],
              ['chat-double', undef], '... unless it is gone');
    is_deeply([map { $_->{content} } grep { $_->{role} eq 'user' }
               @{$asked[3]{input}}],
              ['Is there a pool?', 'And a sauna?', 'And a bar?'],
              '... then all of it is told');
}


for my $streamed (1, 0) {
    start($streamed);
    for my $name (sort keys %PROVIDERS) {
        use_provider($name);
        run_cases($name, $streamed);
        run_tools($name, $streamed) if $name ne 'vapi';
        run_previous($streamed) if $name eq 'vapi';
        my $odd = $cx->api_raw('worker', 'PATCH', '/api/v1/agents/desk',
                               '{"options":{"no_such":1}}');
        is($odd->{status}, 400, "$name: an unknown option is refused");
        like($odd->{body}, qr/no_such.*options of $name/s, '... by its name');
    }

    is_deeply([$cx->bad_log_lines], [], 'no line of the log is broken');
    unlike($cx->logs, qr/canary-api-key|secret thought|says of/,
           'no key, thought or answer is in a log');
    $cx->finish;
}

done_testing();
