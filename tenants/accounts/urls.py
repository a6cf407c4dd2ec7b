"""URLs of signing in and out, second factors and sessions. There is no sign-up: users are invited."""

from allauth.account import views
from allauth.mfa.base import views as step
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from django.urls import path, re_path

from tenants.access.own_pages import in_frame
from tenants.accounts import account_page, confirmation
from tenants.accounts import views as pages

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", in_frame(views.logout), name="account_logout"),
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("profile/", account_page.change_profile, name="account_profile"),
    path("email/", account_page.change_email, name="account_change_email"),
    path("email/confirm/<str:token>/", account_page.confirm_email, name="account_email_from_key"),
    path("confirm/", confirmation.confirm_identity, name="confirm-identity"),
    path("reauthenticate/", in_frame(confirmation.ConfirmByPassword.as_view()), name="account_reauthenticate"),
    path("password/change/", account_page.ChangePassword.as_view(), name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", pages.PasswordResetDone.as_view(), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("second-step/", account_page.TwoFactor.as_view(), name="mfa_index"),
    path("second-step/enter/", step.authenticate, name="mfa_authenticate"),
    path("second-step/confirm/", in_frame(confirmation.ConfirmByCode.as_view()), name="mfa_reauthenticate"),
    path("second-step/app/", in_frame(totp.activate_totp), name="mfa_activate_totp"),
    path("second-step/app/remove/", in_frame(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-step/codes/", in_frame(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("second-step/codes/new/", in_frame(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("passkey/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("second-step/passkey/", in_frame(passkey.add_webauthn), name="mfa_add_webauthn"),
    path(
        "second-step/passkey/confirm/",
        in_frame(confirmation.ConfirmByPasskey.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-step/passkey/<int:pk>/remove/", in_frame(pages.RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("sessions/", account_page.Sessions.as_view(), name="usersessions_list"),
    path("sessions/<int:pk>/end/", account_page.end_session, name="session-end"),
    path("notifications/", account_page.choose_mails, name="account_notifications"),
    path("file/", in_frame(pages.fetch), name="fetch"),
]
