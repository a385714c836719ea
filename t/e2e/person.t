# Somebody answers in the provider's own app: the AI goes quiet.  And what only
# people may send.

use strict;
use warnings;

use Connext;
use Connext::Page qw(installed);
use Test::More;
use Time::HiRes qw(time);

my ($cx, $page) = installed('messenger', double => ['--statuses', 'none'],
                            worker => { 'worker.quiet_ms' => 1500,
                                        'worker.quiet_cap_ms' => 3000 });


sub sent { return grep { $_->{to} eq ($_[0] // $page->{peer}) } $cx->ledger }


sub conversations { return @{$cx->api('GET', '/api/v1/conversations')->{data}} }


sub messages {
    my ($c) = @_;

    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
               ->{data}};
}


$page->say('Is there parking?');
ok($cx->wait_for(10, sub { sent() == 1 }), 'the AI answers');
my ($c) = conversations();

# --- a person takes over -----------------------------------------------------

$page->say('And breakfast?');
ok($cx->wait_for(10, sub { grep { $_->{text} eq 'And breakfast?' }
                           messages($c) }), 'a question is thought about');
is($page->echo({ text => 'Ann here. Breakfast is at eight.' })->{status}, 200,
   'a person answers in the app');
ok($cx->wait_for(10, sub { (conversations())[0]{bot} eq 'off' }),
   'the AI goes quiet');
my ($echo) = grep { $_->{text} =~ /^Ann/ } messages($c);
is("$echo->{direction} $echo->{author} $echo->{state}", 'out human sent',
   '... what was said is on record');

$page->say('Thank you! Is there parking?');
ok($cx->wait_for(10, sub { (messages($c))[-1]{text} =~ /^Thank you/ }),
   'the customer goes on');
is((messages($c))[-1]{turn}, undef, '... and gets no answer from the AI');

$cx->api('PATCH', "/api/v1/conversations/$c->{id}", { bot => 'on' });
$page->say('Is there parking?');
ok($cx->wait_for(15, sub { sent() >= 2 }), 'given back, the AI answers');
is(scalar(sent()), 2, '... that question, not those before');

# --- what only people may send -----------------------------------------------

$page->event({ message => { mid => 'mid.old', text => 'Hello' },
               timestamp => int(1000 * (time - 30 * 3600)) },
             from => '7000000000000001');
ok($cx->wait_for(15, sub { conversations() == 2 }), 'a customer of yesterday');
my ($old) = grep { $_->{id} ne $c->{id} } conversations();
ok($cx->wait_for(15, sub { @{$cx->api('GET', '/api/v1/reviews')->{data}} }),
   'the AI may not answer after a day');
my ($review) = @{$cx->api('GET', '/api/v1/reviews')->{data}};
is("$review->{conversation} $review->{reason}", "$old->{id} window_closed",
   '... a person may');

$cx->api('POST', "/api/v1/conversations/$old->{id}/messages",
         { text => 'By a program', author => 'system' });
ok($cx->wait_for(10, sub { (messages($old))[-1]{state} eq 'failed' }),
   'nor may a program');
$cx->api('POST', "/api/v1/conversations/$old->{id}/messages",
         { text => 'Ann is back' });
ok($cx->wait_for(10, sub { sent('7000000000000001') == 1 }),
   'a person may for a week');
my ($graph) = @{$cx->double('GET', '/_/requests?kind=graph')->{requests}}[-1];
is($graph->{body}{tag}, 'HUMAN_AGENT', '... with the tag for it');
$cx->api('POST', "/api/v1/reviews/$review->{id}/edit",
         { text => 'In person' });
ok($cx->wait_for(10, sub { sent('7000000000000001') == 2 }),
   '... in the words of a review, too');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
