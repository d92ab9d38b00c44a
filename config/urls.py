"""Which address leads where. The names of the paths are the public contract's."""

from django.contrib import admin
from django.urls import path, re_path
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from assessments.api import QuestionnaireView
from intake import embed
from intake import pages as intake_pages
from intake.api import SubmissionView
from intake.form_api import ChallengeView, FormTokenView
from notifications import mail_services
from notifications.mail_events import MailEventsView
from notifications.unsubscribe_pages import unsubscribe
from scheduling import answers, feeds, pages, visitor

urlpatterns = [
    path("", intake_pages.assessment, name="home"),
    path("brand.css", intake_pages.brand_css, name="brand"),
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
    path("api/schema/", SpectacularAPIView.as_view(renderer_classes=[OpenApiJsonRenderer]), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("calendar/<str:token>.ics", feeds.advisor_feed, name="feed"),
    path("r/<str:token>/", pages.show, name="visitor"),
    path("r/<str:token>/answers/", answers.edit),
    path("r/<str:token>/wish/", pages.wish),
    path("api/v1/mail-events/", MailEventsView.as_view()),
    path("u/<str:token>/", unsubscribe, name="unsubscribe"),
    re_path(r"^r/(?P<token>[^/]+)/(?P<action>confirm|book|cancel)/$", pages.act),
    *mail_services.urls(),
]
