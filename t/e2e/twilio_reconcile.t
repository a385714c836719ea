# Twilio forgets a webhook that failed: the worker lists what came in, and what
# never arrived is answered once; what did is not answered twice.

use strict;
use warnings;

use Connext;
use Connext::Twilio qw(inbound twilio $ACCOUNT_SID $SMS);
use Test::More;
use Time::HiRes qw(time);

my $cx = twilio(worker => { 'media.allow_private' => 'on' })
         ->start(qw(redis nginx double worker worker2));
$cx->set_up;
Connext::Twilio::channel($cx, settings => { reconcile => '1' });


sub now_ms { return int(1000 * time) }


# Twilio's side of a message.
sub listed {
    my (%m) = @_;

    return { to => $SMS, body => 'Is there parking?', at_ms => now_ms(), %m };
}


sub sid { return sprintf 'SM%032x', $_[0] }


sub answers {
    my %n;
    $n{$_->{to}}++ for $cx->ledger;
    return \%n;
}


sub lists {
    return grep { $_->{method} eq 'GET' && $_->{path} =~ /Messages\.json$/ }
           @{$cx->double('GET', '/_/requests')->{requests}};
}


# Waits until the list was asked for anew, twice: then one whole look is over.
sub whole_look {
    my $n = lists();
    ok($cx->wait_for(15, sub { lists() >= $n + 2 }), 'the list was read');
}

# --- one that came, one that did not -----------------------------------------

is(Connext::Twilio::post($cx, inbound(from => '+16505552001', id => sid(1)))
   ->{status}, 200, 'the first one comes');

$cx->double('POST', '/_/twilio', [
    listed(sid => sid(1), from => '+16505552001'),
    listed(sid => sid(2), from => '+16505552002'),
    listed(sid => sid(3), from => '+16505552003', direction => 'outbound-api'),
    listed(sid => sid(4), from => '+16505552004', to => '+15550000000'),
    listed(sid => sid(5), from => '+16505552005',
           at_ms => now_ms() - 3 * 3600 * 1000),
]);

ok($cx->wait_for(15, sub { answers()->{'+16505552002'} }),
   'one whose webhook never came is answered');
whole_look();
is_deeply(answers(), { '+16505552001' => 1, '+16505552002' => 1 },
          'each once, and nobody else');

my ($asked) = lists();
like($asked->{query}, qr/^To=%2B15550783881&DateSent%3E=20\d\d-/,
     'ours since then is asked for');
like($asked->{authorization}, qr/^Basic /, 'with the login');

# --- it comes after all ------------------------------------------------------

is(Connext::Twilio::post($cx, inbound(from => '+16505552002', id => sid(2)))
   ->{status}, 200, 'its webhook comes after all');
whole_look();
is(answers()->{'+16505552002'}, 1, 'it is not answered again');

# --- with an attachment ------------------------------------------------------

$cx->double('POST', '/_/twilio', [
    listed(sid => 'MM' . '7' x 32, from => '+16505552007', body => '',
           num_media => 1) ]);


sub media_of {
    my ($tail) = @_;

    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return undef unless $c;

    my ($in) = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                 ->{data}};
    return $in && $cx->api('GET', "/api/v1/messages/$in->{id}/media")->{data};
}


my $media;
ok($cx->wait_for(20, sub {
       $media = media_of('2007') or return 0;
       @$media && $media->[0]{state} eq 'stored';
   }), 'an attachment of a listed message is kept');
is($media->[0]{type}, 'image/png', 'for what it is');

# --- pages, in order ---------------------------------------------------------

my @many = map { listed(sid => sid(1000 + $_),
                        from => '+1650556' . (1000 + $_ % 50),
                        body => "message $_") } 1 .. 250;
$cx->double('POST', '/_/twilio', \@many);
ok($cx->wait_for(30, sub {
       (grep { /^\+1650556/ } keys %{answers()}) == 50;
   }), 'pages: every customer of 250 messages is answered');
ok((grep { $_->{query} =~ /Page=2/ } lists()) > 0, 'three pages');

my ($first) = grep { $_->{phone_masked} =~ /1007$/ }
              @{$cx->api('GET', '/api/v1/conversations?limit=200')->{data}};
my $m = $cx->api('GET', "/api/v1/conversations/$first->{id}/messages")->{data};
is_deeply([map { $_->{text} } grep { $_->{direction} eq 'in' } @$m],
          [map { "message $_" } 7, 57, 107, 157, 207], 'in their order');

# --- a list that fails -------------------------------------------------------

$cx->script({ match => { kind => 'other', path => 'Messages.json' },
              times => 2, do => { code => 20429 } },
            { match => { kind => 'other', path => 'Messages.json' },
              times => 1, do => { act => 'truncated' } });
$cx->double('POST', '/_/twilio',
            [listed(sid => sid(9), from => '+16505552009')]);
ok($cx->wait_for(20, sub { answers()->{'+16505552009'} }),
   '429 and a cut page: later');

# Redis forgets the function: whoever needs it first tells it.
$cx->redis('FUNCTION', 'FLUSH');
$cx->double('POST', '/_/twilio',
            [listed(sid => sid(10), from => '+16505552010')]);
ok($cx->wait_for(20, sub { answers()->{'+16505552010'} }),
   'without the function it is loaded');

# --- the owner goes ----------------------------------------------------------

$cx->kill9('worker');
$cx->double('POST', '/_/twilio',
            [listed(sid => sid(11), from => '+16505552011')]);
ok($cx->wait_for(30, sub { answers()->{'+16505552011'} }),
   'another worker goes on');
whole_look();
my %twice = %{answers()};
is_deeply([grep { $twice{$_} > 1 && !/^\+1650556/ } sort keys %twice], [],
          'nobody was answered twice');

unlike($cx->logs, qr/650555(?:2\d{3}|6)|Is there parking/,
       'no log holds a number or a text');

delete $cx->{pid}{worker};
$cx->finish;
done_testing();
