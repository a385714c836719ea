package Connext::Page;

# An installation whose channel is a Facebook page or an Instagram account.
#
#   my ($cx, $page) = installed('messenger', worker => {...});
#   $page->event({ message => {...} });        # what the customer does
#   $page->echo({ text => '...' });            # what somebody of ours does

use strict;
use warnings;

use Connext;
use Connext::Sample qw(json signature);
use Exporter 'import';
use Time::HiRes qw(time);

our @EXPORT_OK = qw(installed);

my %type = (
    messenger => { object => 'page', name => 'fb-main',
                   account => '109876543210987' },
    instagram => { object => 'instagram', name => 'ig-main',
                   account => '17841400000000001' },
);


# double => [options], worker => {...}, and what set_up takes.
sub installed {
    my ($type, %arg) = @_;

    my $t = $type{$type};
    my $cx = Connext->new(worker => delete $arg{worker} || {});
    $cx->{http} = <<"_END";
    connext_channel $t->{name} {
        type               $type;
        secret_file        $cx->{dir}/app_secret;
        verify_token_file  $cx->{dir}/verify_token;
    }
_END
    $cx->{location} = <<"_END";
        location = /hooks/$t->{name} {
            connext_webhook  $t->{name};
            connext_pass     unix:$cx->{dir}/redis.sock;
            add_header       X-Connext-Event \$connext_event_id;
        }
_END

    my $hook = "http://127.0.0.1:$cx->{port}/hooks/$t->{name}";
    $cx->{double} = ['--hook', $hook, @{delete $arg{double} || []}];

    my $self = bless { %$t, type => $type, cx => $cx, n => 0,
                       peer => '7654321098765432' }, __PACKAGE__;
    return ($cx, $self) if delete $arg{edge_only};

    $cx->start(qw(redis nginx double worker));
    $cx->set_up(%arg, channel => {
        name => $t->{name}, type => $type, account => $t->{account},
        base_url => "http://127.0.0.1:$cx->{double_port}/$type/v24.0",
        %{$arg{channel} || {}} });
    return ($cx, $self);
}


sub post {
    my ($self, $body, $signature) = @_;

    my $client = $self->{client} ||= $self->{cx}->http;
    return $client->request('POST', "/hooks/$self->{name}", {
        'Content-Type' => 'application/json',
        'X-Hub-Signature-256' => $signature
            // signature($body, $Connext::SECRET{app_secret}) }, $body);
}


sub delivery {
    my ($self, @events) = @_;

    return json()->encode({
        object => $self->{object},
        entry => [{ id => $self->{account}, time => int(1000 * time),
                    messaging => \@events }] });
}


sub event {
    my ($self, $what, %arg) = @_;

    return $self->post($self->delivery({
        sender => { id => $arg{from} // $self->{peer} },
        recipient => { id => $self->{account} },
        timestamp => int(1000 * time), %$what }));
}


# One text of a customer; returns the answer.
sub say {
    my ($self, $text, %arg) = @_;

    my $mid = $arg{mid} // 'mid.test' . ++$self->{n};
    return $self->event({ message => { mid => $mid, text => $text } }, %arg);
}


# Our side spoke: to => customer, the rest is the message's.
sub echo {
    my ($self, $message, %arg) = @_;

    return $self->post($self->delivery({
        sender => { id => $self->{account} },
        recipient => { id => $arg{to} // $self->{peer} },
        timestamp => int(1000 * time),
        message => { mid => 'mid.echo' . ++$self->{n}, is_echo => \1,
                     %$message } }));
}


# Messages of the only conversation with that customer, oldest first.
sub messages {
    my ($self) = @_;

    my $cx = $self->{cx};
    my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return () unless $c;
    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
               ->{data}};
}


1;
