package Connext::Twilio;

# Twilio's webhooks, signed, and an installation with a channel of it.

use strict;
use warnings;

use Connext;
use Digest::SHA qw(hmac_sha1 sha256_hex);
use Exporter 'import';
use MIME::Base64 qw(encode_base64);

our @EXPORT_OK = qw(form inbound signature twilio $TOKEN $ACCOUNT_SID $SMS
                    $WHATSAPP);

our $TOKEN = 'canary-auth-token-0a1b2c3d4e5f60718293a4b5';
our $ACCOUNT_SID = 'AC22222222222222222222222222222222';
our $SMS = '+15550783881';
our $WHATSAPP = 'whatsapp:+15550783882';


sub escape {
    my ($text) = @_;

    $text =~ s/([^A-Za-z0-9*\-._ ])/sprintf '%%%02X', ord $1/ge;
    $text =~ tr/ /+/;
    return $text;
}


# From a list of names and values, in that order.
sub form {
    my (@pairs) = @_;

    my @out;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @out, escape($name) . '=' . escape($value);
    }

    return join '&', @out;
}


sub unescape {
    my ($text) = @_;

    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}


# Of a URL and a form: written apart from the product's own way to do it.
sub signature {
    my ($url, $form, $token) = @_;

    my %values;
    for my $pair (split /&/, $form) {
        my ($name, $value) = map { unescape($_) } split /=/, $pair, 2;
        $values{$name}{$value // ''} = 1;
    }

    my $text = $url;
    for my $name (sort keys %values) {
        $text .= $name . $_ for sort keys %{$values{$name}};
    }

    return encode_base64(hmac_sha1($text, $token // $TOKEN), '');
}


# The form of a message: from, to, id, text, and more of Twilio's own names.
sub inbound {
    my (%m) = @_;

    my ($from, $to) = delete @m{qw(from to)};
    my $id = delete $m{id} // sprintf 'SM%032x', ++$Connext::Twilio::n;
    my $text = delete $m{text} // 'Is there parking?';

    my $media = delete $m{NumMedia} // 0;

    return form(SmsMessageSid => $id, NumMedia => $media, SmsSid => $id,
                SmsStatus => 'received', Body => $text, To => $to // $SMS,
                NumSegments => 1, MessageSid => $id,
                AccountSid => $ACCOUNT_SID, From => $from,
                ApiVersion => '2010-04-01', map { $_ => $m{$_} } sort keys %m);
}


# An installation with a channel tw-main for SMS at /hooks/tw-main.
# arg: as Connext->new.
sub twilio {
    my (%arg) = @_;

    my $cx = Connext->new(%arg);
    Connext::Process::write_file($cx->path('auth_token'), "$TOKEN\n", 0600);

    $cx->{http} .= <<_END;
    connext_channel tw-main {
        type         twilio;
        secret_file  $cx->{dir}/auth_token;
        public_url   http://127.0.0.1:$cx->{port};
    }
_END
    $cx->{location} .= <<_END;
        location = /hooks/tw-main {
            connext_webhook tw-main;
            connext_pass unix:$cx->{dir}/redis.sock;
            add_header X-Connext-Event \$connext_event_id;
        }
_END
    return $cx;
}


sub url {
    my ($cx) = @_;

    return "http://127.0.0.1:$cx->{port}/hooks/tw-main";
}


# Posts a form, signed unless told otherwise.
sub post {
    my ($cx, $form, %arg) = @_;

    my $query = $arg{query} // '';
    my $client = $cx->{client} ||= $cx->http;
    return $client->request('POST', "/hooks/tw-main$query", {
        'Content-Type' => 'application/x-www-form-urlencoded; charset=UTF-8',
        'X-Twilio-Signature' => $arg{signature}
                                // signature(url($cx) . $query, $form),
        %{$arg{headers} || {}} }, $form);
}


# The channel in the worker.
sub channel {
    my ($cx, %arg) = @_;

    my %settings = (account_sid => $ACCOUNT_SID, public_url => url($cx),
                    %{delete $arg{settings} || {}});
    return $cx->api('POST', '/api/v1/channels', {
        name => 'tw-main', type => 'twilio', account => $SMS,
        agent => 'desk', token_file => $cx->path('auth_token'),
        base_url => "http://127.0.0.1:$cx->{double_port}",
        settings => \%settings, %arg });
}


1;
