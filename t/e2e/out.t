# What people and programs say out: kinds, order, repeats; windows, opt-outs,
# and who speaks.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery json text_message);
use JSON::PP;
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'auto'])
                ->start(qw(redis nginx double worker));
$cx->set_up;


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
    my $found;
    $cx->wait_for(10, sub {
        ($found) = grep { $_->{phone_masked} =~ /$tail$/ }
                   @{$cx->api('GET', '/api/v1/conversations')->{data}};
    });
    return $found;
}


sub messages {
    my ($c) = @_;

    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
               ->{data}};
}


# A customer wrote so many hours ago and got an answer, or none was possible.
sub customer {
    my ($number, $hours) = @_;

    $cx->post(delivery(messages => [text_message(
        from => $number, id => "wamid.$number", text => 'Is there parking?',
        timestamp => time - 3600 * ($hours // 0))]));
    return conversation($number);
}


sub say {
    my ($c, %m) = @_;

    return $cx->api('POST', "/api/v1/conversations/$c->{id}/messages", \%m);
}


# What the API says to what it does not take.
sub refusal {
    my ($c, %m) = @_;

    my $res = $cx->api_raw('worker', 'POST',
                           "/api/v1/conversations/$c->{id}/messages",
                           json()->encode(\%m));
    return "$res->{status} $res->{body}";
}


# --- kinds, in order ---------------------------------------------------------

my $c = customer(16505552001);
sent_to(16505552001, 1);

say($c, kind => 'buttons', text => 'Two nights?',
    choices => [{ id => 'y', title => 'Yes' }, { title => 'No' }]);
say($c, kind => 'image', media_url => 'https://a.example/house.png',
    text => 'The house');
say($c, text => join(' ', ('word') x 1000));
my @sent = sent_to(16505552001, 5);
is(scalar @sent, 5, 'the answer, buttons, an image, two texts');

my @graph = grep { $_->{body}{type} } @{$cx->double('GET',
    '/_/requests?kind=graph')->{requests}};
is_deeply([map { $_->{body}{type} } @graph],
          [qw(text interactive image text text)], 'as they were said');
is($graph[1]{body}{interactive}{action}{buttons}[1]{reply}{id}, 'No',
   'a button without an id has its title as id');
is($graph[2]{body}{image}{caption}, 'The house', 'a caption');
ok((grep { length $_->{body}{text}{body} <= 4096 } @graph[3, 4]) == 2,
   'no text is too long');

# --- by the shell, once ------------------------------------------------------

for (1, 2) {
    my ($rc, $out) = $cx->ctl('send', $c->{id}, '--text', 'See you!',
                              '--key', 'k-1', '-o', 'json');
    is($rc, 0, 'connextctl send') or diag($out);
}
is(scalar(sent_to(16505552001, 6)), 6, '... the same key sends once');
my ($last) = (messages($c))[-1];
is($last->{author}, 'human', '... by a person');

my ($rc, $out) = $cx->ctl('send', $c->{id}, '--kind', 'template', '--name',
                          'hello', '--language', 'en_US', '--param', 'Ann');
is($rc, 0, 'a template');
is((sent_to(16505552001, 7))[-1]{kind}, 'template', '... is one');

($rc, $out) = $cx->ctl('send', $c->{id}, '--kind', 'image');
is($rc, 7, 'an image without a URL is refused at once');

my $count = messages($c);
my $answer = refusal($c, kind => 'template', name => 'hello');
like($answer, qr{^400 .*"/language"}s,
     '... and a template that WhatsApp would not take');
like($answer, qr/"language is missing/, '... in words');
like(refusal($c, kind => 'reaction', text => ':-)'), qr{^400 .*"/reply_to"}s,
     '... or a reaction to nothing');
is(scalar(messages($c)), $count, '... nothing of it is on record');

# --- the window --------------------------------------------------------------

my $old = customer(16505552002, 30);
my $review;


sub waits_again {
    my ($since) = @_;

    return $cx->wait_for(10, sub {
        ($review) = grep { $_->{conversation} eq $old->{id}
                           && $_->{created_at} ne $since }
                    @{$cx->api('GET', '/api/v1/reviews')->{data}};
        $review;
    });
}


ok(waits_again(''), 'an answer after 24 hours waits for a person');
is($review->{reason}, 'window_closed', '... and says why');
like($review->{draft}, qr/parking/i, '... with what was to be said');
is(scalar(grep { $_->{direction} eq 'out' } messages($old)), 0,
   '... nothing was tried');

$cx->api('POST', "/api/v1/reviews/$review->{id}/approve",
         { even_if_stale => JSON::PP::true });
ok(waits_again($review->{created_at}), 'approved as it is, it comes back');
is($review->{reason}, 'window_closed', '... for the same reason');
is_deeply([map { $_->{state} } grep { $_->{direction} eq 'out' }
           messages($old)], ['cancelled'], '... and is not sent');
is(scalar(@{$cx->api('GET', '/api/v1/dead-letters')->{data}}), 0,
   'nothing of it is a dead letter');
say($old, kind => 'template', name => 'hello', language => 'en_US');
is(scalar(sent_to(16505552002, 1)), 1, 'a template may open it');

# --- STOP and START ----------------------------------------------------------

my $gone = customer(16505552003);
sent_to(16505552003, 1);
$cx->say(from => 16505552003, text => 'Stop.');
ok($cx->wait_for(10, sub { conversation(16505552003)->{opted_out_at} }),
   'STOP is kept');
say($gone, text => 'A special offer!');
ok($cx->wait_for(10, sub { (messages($gone))[-1]{state} eq 'failed' }),
   'who said STOP gets nothing, from nobody');
is(scalar(sent_to(16505552003, 1)), 1, '... nor an answer to STOP');
$cx->say(from => 16505552003, text => 'START');
ok($cx->wait_for(10, sub { !conversation(16505552003)->{opted_out_at} }),
   'START is kept too');
say($gone, text => 'Welcome back');
is((sent_to(16505552003, 2))[-1]{text}, 'Welcome back', '... and obeyed');

# --- people only -------------------------------------------------------------

$cx->ctl('conversations', 'update', $c->{id}, '--bot', 'off');
$cx->say(from => 16505552001, id => 'wamid.off', text => 'Is there parking?');
ok($cx->wait_for(10, sub { (grep { $_->{event} && $_->{direction} eq 'in' }
                            messages($c)) == 2 }), 'people only: taken');
is((messages($c))[-1]{turn}, undef, '... and left to them');
$cx->ctl('conversations', 'update', $c->{id}, '--bot', 'on');
my $before = sent_to(16505552001, 1);
$cx->say(from => 16505552001, id => 'wamid.on', text => 'Is there parking?');
is(scalar(sent_to(16505552001, $before + 1)), $before + 1,
   'given back, it answers');

is(scalar($cx->bad_log_lines), 0, 'no alert');
unlike($cx->logs, qr/1650555200[123]|special offer|Welcome back/,
       'no number, no text in the logs');
$cx->finish;
done_testing();
