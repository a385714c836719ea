# Several messages in a row get one answer.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(worker => { 'worker.quiet_ms' => 400,
                                  'worker.quiet_cap_ms' => 2500 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub sent_to {
    my ($customer, $n) = @_;

    my @sent;
    $cx->wait_for(15, sub {
        @sent = grep { $_->{to} =~ /$customer$/ } $cx->ledger;
        @sent >= $n;
    });
    return @sent;
}


# Within the quiet window.
$cx->say(from => 16505552001, text => "line $_") for 1 .. 5;
my @sent = sent_to(16505552001, 1);
is($sent[0]{text}, 'echo: ' . join("\n", map { "line $_" } 1 .. 5),
   'five messages, one answer to all of them');

# One that comes while the model thinks joins the turn.
$cx->script({ match => { kind => 'model', text => 'first' },
              do => { delay_ms => 1500 } });
$cx->say(from => 16505552002, text => 'first');
ok($cx->wait_for(10, sub {
       grep { $_->{body}{messages}[-1]{content} =~ /first/ }
       @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
   }), 'the model was asked');
$cx->say(from => 16505552002, text => 'second');
@sent = sent_to(16505552002, 1);
is($sent[0]{text}, "echo: first\nsecond", 'the newer message is in the answer');

# One that never pauses is answered at the cap, the rest afterwards.
my $said = 0;
my $start = Time::HiRes::time();
while (Time::HiRes::time() - $start < 3.5) {
    $said++;
    $cx->say(from => 16505552003, text => "n$said");
    select undef, undef, undef, 0.15;
}
$cx->wait_for(10, sub {
    my @got = map { $_->{text} =~ /n(\d+)/g } sent_to(16505552003, 1);
    @got == $said;
});
@sent = sent_to(16505552003, 2);
cmp_ok(scalar @sent, '>=', 2, 'one who never pauses is answered meanwhile');
is_deeply([map { $_->{text} =~ /n(\d+)/g } @sent], [1 .. $said],
          'every message once, in order');

# Nothing more comes.
is(scalar(grep { $_->{to} =~ /2001$/ } $cx->ledger), 1, 'one answer only');
is(scalar(grep { $_->{to} =~ /2002$/ } $cx->ledger), 1, 'there too');

$cx->finish;
done_testing();
