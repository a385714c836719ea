# Two thousand times a person and the AI are about to answer the same
# customer, up to half a second apart: once the person's word is accepted, no
# reply of the AI leaves any more.  Persons come by the API, of either worker,
# and by the provider's own app, whose echo tells of it.

use strict;
use warnings;

use Connext;
use Connext::Crowd;
use Connext::Process qw(read_file);
use Connext::Sample qw(json);
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);

my ($RUNS, $SECONDS, $QUIET) = (2000, 50, 0.2);
my @WAYS = qw(take say off echo);
# The seed is printed; CONNEXT_SEED repeats a run.
my $seed = $ENV{CONNEXT_SEED} || int rand 1e9;
srand $seed;
diag("seed $seed");

my $cx = Connext->new(nginx => 2, double => ['--statuses', 'sent'],
                      worker => { 'worker.quiet_ms' => 1000 * $QUIET,
                                  'worker.lease_ms' => 6000,
                                  'send.timeout_ms' => 5000 })
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);
ok($cx->wait_for(30, sub { $cx->owned('worker1') == 32
                           && $cx->owned('worker2') == 32 }), 'two workers');

# A question says how long the model takes, and the provider with the reply.
$cx->script(map { ({ match => { kind => 'model', text => "think$_" },
                     times => -1, do => { delay_ms => $_ } },
                   { match => { kind => 'graph', text => "send$_" },
                     times => -1, do => { act => 'ok', delay_ms => $_ } })
                } map { 50 * $_ } 0 .. 10);

my $crowd = Connext::Crowd->new($cx);
my @run;
my %n = (early => 0, waited => 0, refused => 0);


sub customer { return 16505570000 + $_[0] }


# --- everybody is known ------------------------------------------------------

my %greeted;
$crowd->ledger(sub { $greeted{$1} = 1 if $_[0]{text} =~ /hello (\d+)/ });
for my $i (0 .. $RUNS - 1) {
    $crowd->at(time + $i / 200, sub {
        $crowd->say(customer($i), "wamid.hello$i", "hello $i");
    });
}
ok($crowd->run(60, sub { keys %greeted == $RUNS }), 'everybody is greeted');

my $next = '';
do {
    my $page = $cx->api('GET', '/api/v1/conversations?limit=200'
                               . ($next && "&cursor=$next"));
    $next = $page->{next_cursor};
    for my $c (@{$page->{data}}) {
        my ($i) = $c->{phone_masked} =~ /(\d{4})$/;
        $run[$i] = { i => $i + 0, id => $c->{id}, from => customer($i) };
    }
} while $next;
is(scalar(grep { $_ } @run), $RUNS, 'and has a conversation');


# --- the race ----------------------------------------------------------------

sub echo {
    my ($r) = @_;

    return json()->encode({ object => 'whatsapp_business_account',
        entry => [{ id => '102290129340398', changes => [{
            field => 'smb_message_echoes', value => {
                messaging_product => 'whatsapp',
                metadata => { display_phone_number => '15550783881',
                              phone_number_id => $Connext::ACCOUNT },
                message_echoes => [{ from => '15550783881',
                    to => "$r->{from}", id => "wamid.ann$r->{i}",
                    timestamp => '' . int time, type => 'text',
                    text => { body => "Ann $r->{i}" } }] } }] }] });
}


# accepted: when we are told that the person has the word.
sub person {
    my ($r) = @_;

    my $path = "/api/v1/conversations/$r->{id}";
    my $done = sub {
        my ($res, $since, $until) = @_;
        $n{refused}++ if $res->{status} !~ /^2/;
        $n{waited}++ if $until - $since > 0.04;
        @$r{qw(spoken accepted)} = ($since, $until);
    };
    my $worker = 'worker' . (1 + int rand 2);

    return $crowd->deliver($r->{from} + 1, echo($r), $done)
        if $r->{way} eq 'echo';
    return $crowd->api($worker, 'PATCH', $path, { bot => 'off' }, $done)
        if $r->{way} eq 'off';
    return $crowd->api($worker, 'POST', "$path/take", {}, $done)
        if $r->{way} eq 'take';
    return $crowd->api($worker, 'POST', "$path/messages",
                       { text => "Ann $r->{i}" }, $done);
}


# The AI speaks about then; the person half a second before or after.
sub race {
    my ($r, $when) = @_;

    my $think = 50 * int rand 11;
    $r->{text} = "ask $r->{i} think$think send" . 50 * int rand 4;
    $r->{way} = $WAYS[rand @WAYS];
    $crowd->at($when, sub {
        $crowd->say($r->{from}, "wamid.ask$r->{i}", $r->{text});
    });

    my $apart = rand(1) - 0.5;
    my $at = $when + $QUIET + $think / 1000 + 0.05 + $apart;
    $crowd->at($at > $when + 0.05 ? $at : $when + 0.05,
               sub { person($r) });
}


$crowd->ledger(sub {
    my ($e) = @_;

    my ($who, $i) = $e->{text} =~ /(Ann|ask) (\d+)/ or return;
    push @{$run[$i]{$who}}, $e->{at_ms} / 1000;
});
race($_, time + 1 + rand $SECONDS) for @run;
ok($crowd->run($SECONDS + 30, sub { !grep { !$_->{accepted} } @run }),
   'everybody had a person');

# What was to be said by the AI would be out by now.
$crowd->run(20, sub { !$cx->api('GET', '/api/v1/status')->{waiting}{turns}
                      && !$cx->count('in') });
$crowd->run(2, sub { 0 });


# --- the verdict -------------------------------------------------------------

# When what was taken was on record, by conversation: the newest one of those
# whose line has that.
sub recorded {
    my ($what) = @_;

    my %at;
    for my $line (grep { /"msg":"take".*$what/ }
                  map { split /\n/, read_file($cx->path("logs/worker$_.log")) }
                  1 .. 2)
    {
        my $l = json()->decode($line);
        my @t = $l->{ts} =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)?/;
        my $at = timegm(@t[5, 4, 3, 2], $t[1] - 1, $t[0]) + ($t[6] // 0);
        my $newest = \$at{$l->{conversation}};
        $$newest = $at if !defined $$newest || $$newest < $at;
    }

    return \%at;
}


# An echo is accepted when it is on record, which nobody is told: what was
# begun before that may leave a moment later.  What a person says is about what
# is on record by then, the AI may answer what comes after that.
sub judge {
    my ($r, $echoes, $questions) = @_;

    $r->{accepted} = ($echoes->{$r->{id}} // 0) + 0.1 if $r->{way} eq 'echo';
    $n{early}++, return 0
        if $r->{way} eq 'say' && $questions->{$r->{id}} > $r->{spoken};
    return grep { $_ > $r->{accepted} } @{$r->{ask} || []};
}


my $echoes = recorded('"ignored":"echo"');
my $questions = recorded('"ignored":""');
my (@late, @twice, @unsaid, %first);
for my $r (@run) {
    my @ai = @{$r->{ask} || []};

    push @late, sprintf "%s %d: %.0f ms\n", $r->{way}, $r->{i},
                1000 * ($ai[-1] - $r->{accepted})
        if judge($r, $echoes, $questions);
    push @twice, $r->{i} if @ai > 1 || @{$r->{Ann} || []} > 1;
    push @unsaid, $r->{i} if $r->{way} eq 'say' && !$r->{Ann};
    $first{$r->{way}}[@ai ? 1 : 0]++;
}

is(scalar(@late), 0, 'after a person no reply of the AI') or diag(@late);
is("@twice", '', 'nothing is said twice');
is("@unsaid", '', 'what persons say is said');
is($n{refused}, 0, 'no person was refused');
cmp_ok($n{early}, '<', $RUNS / 20, 'persons spoke of what they saw');
for my $way (@WAYS) {
    my ($person, $ai) = map { $_ // 0 } @{$first{$way}}[0, 1];
    ok($person > $RUNS / 50 && $ai > $RUNS / 50,
       "$way: $person times the person was first, $ai times the AI");
}

note("$n{waited} persons waited for a reply on its way, $n{early} spoke early");
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');
$cx->finish;
done_testing();
