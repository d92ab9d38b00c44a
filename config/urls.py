"""Which address leads where. The names of the paths are the public contract's."""

from django.contrib import admin
from django.urls import path, re_path
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from assessments.api import QuestionnaireView
from config.metrics import metrics
from intake import embed
from intake import pages as intake_pages
from intake.api import SubmissionView
from intake.form_api import ChallengeView, FormTokenView
from intake.leads_api import LeadDetail, LeadsView
from notifications import endpoints_api, mail_services, me_pages
from notifications.feed_api import EventsView
from notifications.mail_events import MailEventsView
from notifications.unsubscribe_pages import unsubscribe
from scheduling import answers, feeds, pages, visitor
from scheduling.advisors_api import AdvisorDetail, AdvisorsView
from scheduling.bookings_api import BookingDetail, BookingsView

urlpatterns = [
    path("", intake_pages.assessment, name="home"),
    path("brand.css", intake_pages.brand_css, name="brand"),
    path("metrics", metrics, name="metrics"),
    path("embed/v1.js", embed.script, name="embed"),
    path("admin/", admin.site.urls),
    path("api/v1/questionnaires/<slug:slug>/", QuestionnaireView.as_view()),
    path("api/v1/submissions/", SubmissionView.as_view()),
    # Before the tokens, which look different: none of these words is one.
    path("api/v1/submissions/form-token/", FormTokenView.as_view()),
    path("api/v1/submissions/challenge/", ChallengeView.as_view()),
    path("api/v1/submissions/<str:token>/", visitor.SubmissionDetail.as_view()),
    path("api/v1/submissions/<str:token>/slots/", visitor.SlotsView.as_view()),
    path("api/v1/submissions/<str:token>/booking/", visitor.BookingView.as_view()),
    path("api/v1/submissions/<str:token>/booking/confirm/", visitor.ConfirmView.as_view()),
    path("api/v1/submissions/<str:token>/booking/calendar.ics", feeds.CalendarView.as_view(), name="visitor_calendar"),
    path("api/v1/submissions/<str:token>/mailbox-link/", visitor.MailboxLinkView.as_view()),
    path("api/v1/leads/", LeadsView.as_view()),
    path("api/v1/leads/<uuid:lead_id>/", LeadDetail.as_view()),
    path("api/v1/bookings/", BookingsView.as_view()),
    path("api/v1/bookings/<uuid:booking_id>/", BookingDetail.as_view()),
    path("api/v1/advisors/", AdvisorsView.as_view()),
    path("api/v1/advisors/<int:advisor_id>/", AdvisorDetail.as_view()),
    path("api/v1/events/", EventsView.as_view()),
    path("api/v1/webhook-endpoints/", endpoints_api.EndpointsView.as_view()),
    path("api/v1/webhook-endpoints/<uuid:endpoint_id>/", endpoints_api.EndpointDetail.as_view()),
    path("api/v1/webhook-endpoints/<uuid:endpoint_id>/rotate-secret/", endpoints_api.RotateView.as_view()),
    path("api/v1/webhook-endpoints/<uuid:endpoint_id>/test/", endpoints_api.PingView.as_view()),
    path("api/v1/webhook-endpoints/<uuid:endpoint_id>/deliveries/", endpoints_api.DeliveriesView.as_view()),
    path(
        "api/v1/webhook-endpoints/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/retry/",
        endpoints_api.RetryView.as_view(),
    ),
    path("api/schema/", SpectacularAPIView.as_view(renderer_classes=[OpenApiJsonRenderer]), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("calendar/<str:token>.ics", feeds.advisor_feed, name="feed"),
    path("r/<str:token>/", pages.show, name="visitor"),
    path("r/<str:token>/answers/", answers.edit),
    path("r/<str:token>/wish/", pages.wish),
    path("r/<str:token>/my-data/", pages.ask_for_my_data),
    path("me/<str:token>/", me_pages.show, name="me"),
    path("me/<str:token>/download/", me_pages.download),
    path("api/v1/mail-events/", MailEventsView.as_view()),
    path("u/<str:token>/", unsubscribe, name="unsubscribe"),
    re_path(r"^r/(?P<token>[^/]+)/(?P<action>confirm|book|cancel)/$", pages.act),
    *mail_services.urls(),
]
