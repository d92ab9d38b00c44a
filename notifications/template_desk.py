"""The words of replies at the desk: read what is sent, edit a draft beside its preview, try it, publish it.

Part of `notifications.admin`. Each page loads, makes one call and shows what came of it; `notifications.wording` and
`notifications.trials` do the work.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from assessments.words import BY_ENGAGEMENT
from intake.models import Submission
from notifications import compose, trials, wording
from notifications.models import Template, TemplateVersion
from notifications.reply_words import ReplyWords
from notifications.wording import StaleDraft, UnableToPublish

STALE = "Somebody saved, published or discarded the draft since you opened it. What you typed stands below."
CHANGED = "The draft has changed since you looked at it. Look again first."


class WordsForm(forms.Form):
    """Takes any words: a draft may be wrong. Only what cannot be kept at all is refused."""

    subject = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    body = forms.CharField(
        max_length=20_000, required=False, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 26})
    )
    enquiry = forms.ChoiceField(required=False, label="Show it for", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, engagement: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enquiries = {str(found.pk): found for found in trials.enquiries(engagement)}
        people = [(pk, f"{each.lead}, {each.created_at:%Y-%m-%d}") for pk, each in self.enquiries.items()]
        choices: Any = self.fields["enquiry"]
        choices.choices = [*people, ("", "A made-up person")]

    def words(self) -> ReplyWords:
        body = self.cleaned_data["body"].replace("\r\n", "\n")
        return ReplyWords(self.cleaned_data["subject"], body)

    def submission(self) -> Submission | None:
        return self.enquiries.get(self.cleaned_data["enquiry"])


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    list_display = ("reply", "subject", "state")
    search_fields = ("engagement",)
    fields = ("sent_now", "versions", "next_version")
    readonly_fields = ("sent_now", "versions", "next_version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- to read ----------------------------------------------------------------------------------------

    @display(description="Reply", ordering="engagement")
    def reply(self, template: Template) -> str:
        return BY_ENGAGEMENT[template.engagement].headline

    @display(description="Subject")
    def subject(self, template: Template) -> str:
        return wording.words_for(template.engagement).subject

    @display(description="Words")
    def state(self, template: Template) -> str:
        newest = wording.newest_of(template)
        words = f"version {newest.number}" if newest else "as the program brings them"
        return f"{words}, and a draft" if wording.draft_of(template) else words

    @display(description="Sent now")
    def sent_now(self, template: Template) -> SafeString:
        return _part("sent", words=wording.words_for(template.engagement))

    @display(description="Versions")
    def versions(self, template: Template) -> SafeString:
        rows = template.versions.select_related("saved_by").order_by("-number")
        return _part("versions", template=template, versions=rows, newest=wording.newest_of(template))

    @display(description="Next version")
    def next_version(self, template: Template) -> SafeString:
        return _part("next", template=template, draft=wording.draft_of(template))

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("<int:pk>/draft/", self.edit, "draft"),
            ("<int:pk>/draft/preview/", require_POST(xframe_options_sameorigin(self.preview)), "preview"),
            ("<int:pk>/draft/publish/", require_POST(self.publish), "publish"),
            ("<int:pk>/draft/discard/", require_POST(self.discard), "discard"),
            ("<int:pk>/versions/<int:number>/", self.version, "version"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=f"notifications_template_{name}")
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """One version to read; a POST makes its words the draft."""
        template = self._editable(request, pk) if request.method == "POST" else self._visible(request, pk)
        version = get_object_or_404(template.versions, number=number)
        if request.method != "POST":
            heading = f"Version {number}" if version.published_at else f"Draft of version {number}"
            seen = wording.mark(template, wording.draft_of(template))
            return self._page(request, "version", template, heading=heading, version=version, seen=seen)
        words = ReplyWords(version.subject, version.body)
        try:
            wording.save_draft(template, words, seen=_seen(request), by=request.user, now=timezone.now())
        except StaleDraft:
            self.message_user(request, CHANGED, messages.ERROR)
            return _to("change", pk)
        self.message_user(request, f"The words of version {number} are the draft now.", messages.SUCCESS)
        return _to("draft", pk)

    # --- the draft --------------------------------------------------------------------------------------

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = self._editable(request, pk)
        draft = wording.draft_of(template)
        if request.method == "POST":
            return self._save(request, template)
        words = draft or wording.words_for(template.engagement)
        first = next(iter(trials.enquiries(template.engagement)), None)
        given = {"subject": words.subject, "body": words.body, "enquiry": str(first.pk) if first else ""}
        return self._form(request, template, WordsForm(initial=given, engagement=template.engagement))

    def _save(self, request: HttpRequest, template: Template) -> HttpResponse:
        form = WordsForm(request.POST, engagement=template.engagement)
        if not form.is_valid():
            return self._form(request, template, form, status=400)
        try:
            draft = wording.save_draft(template, form.words(), seen=_seen(request), by=request.user, now=timezone.now())
        except StaleDraft:
            self.message_user(request, STALE, messages.ERROR)
            return self._form(request, template, form, status=400)
        self.log_change(request, template, f"saved the draft of version {draft.number}")
        if "_try" in request.POST:
            self._try(request, draft, form.submission())
        else:
            self.message_user(request, f"The draft of version {draft.number} is saved; nobody gets it yet.")
        return _to("draft", template.pk)

    def _try(self, request: HttpRequest, draft: TemplateVersion, submission: Submission | None) -> None:
        problems = wording.problems(draft.subject, draft.body)
        user: Any = request.user
        if problems:
            self.message_user(request, f"Saved, and not sent: {problems[0]}", messages.ERROR)
        elif not user.email:
            self.message_user(request, "Saved, and not sent: your account has no mail address.", messages.ERROR)
        else:
            trials.ask(draft, submission=submission, by=user, now=timezone.now())
            said = f"Saved, and on its way to {user.email}. Under Mails you see what became of it."
            self.message_user(request, said, messages.SUCCESS)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the words in the form make of that enquiry, in a frame beside the form. Keeps nothing."""
        template = self._editable(request, pk)
        form = WordsForm(request.POST, engagement=template.engagement)
        if not form.is_valid():
            problems = [f"{name}: {text}" for name, texts in form.errors.items() for text in texts]
            return TemplateResponse(request, "notifications/desk/preview.html", {"problems": problems})
        words = form.words()
        problems = wording.problems(words.subject, words.body)
        context: dict[str, Any] = {"problems": problems}
        if not problems:
            made = trials.letter(
                words, engagement=template.engagement, submission=form.submission(), now=timezone.now()
            )
            context |= trials.shown(made) | {"words": len(made.text.split())}
        return TemplateResponse(request, "notifications/desk/preview.html", context)

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = self._editable(request, pk)
        try:
            version = wording.publish_draft(template, seen=_seen(request), now=timezone.now())
        except StaleDraft:
            self.message_user(request, CHANGED, messages.ERROR)
            return _to("draft", pk)
        except UnableToPublish as error:
            self.message_user(request, f"Not published: {error}", messages.ERROR)
            return _to("draft", pk)
        self.log_change(request, template, f"published version {version.number}")
        self.message_user(request, f"Version {version.number} is sent from now on.", messages.SUCCESS)
        return _to("change", pk)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = self._editable(request, pk)
        try:
            wording.discard_draft(template, seen=_seen(request))
        except StaleDraft:
            self.message_user(request, CHANGED, messages.ERROR)
            return _to("draft", pk)
        self.log_change(request, template, "discarded the draft")
        self.message_user(request, "The draft is gone; what is sent stays as it is.", messages.SUCCESS)
        return _to("change", pk)

    # --- what they share --------------------------------------------------------------------------------

    def _visible(self, request: HttpRequest, pk: int) -> Template:
        template = self.get_object(request, str(pk))
        if not isinstance(template, Template):
            raise Http404
        if not self.has_view_permission(request, template):
            raise PermissionDenied
        return template

    def _editable(self, request: HttpRequest, pk: int) -> Template:
        template = self._visible(request, pk)
        if not self.has_change_permission(request, template):
            raise PermissionDenied
        return template

    def _form(self, request: HttpRequest, template: Template, form: WordsForm, *, status: int = 200) -> HttpResponse:
        draft = wording.draft_of(template)
        problems = wording.problems(draft.subject, draft.body) if draft else []
        return self._page(
            request,
            "draft",
            template,
            status=status,
            heading=f"Draft of version {draft.number}" if draft else "A new draft",
            form=form,
            draft=draft,
            problems=problems,
            seen=wording.mark(template, draft),
            placeholders=compose.PLACEHOLDERS,
        )

    def _page(
        self, request: HttpRequest, name: str, template: Template, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "template": template}
        title = f"{template}: {context['heading']}"
        may_edit = self.has_change_permission(request, template)
        context = {**shared, "title": title, "may_edit": may_edit, **context}
        return TemplateResponse(request, f"notifications/desk/{name}.html", context, status=status)


def _part(name: str, **context: Any) -> SafeString:
    return render_to_string(f"notifications/desk/{name}.html", context)


def _to(page: str, pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:notifications_template_{page}", args=[pk]))


def _seen(request: HttpRequest) -> str:
    return request.POST.get("seen", "")
