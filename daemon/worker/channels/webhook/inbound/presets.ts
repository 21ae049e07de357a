/**
 * Services whose calls the gateway can parse. A preset is pure data: how the service signs, and templates for its calls. To add
 * one, add it here, its name to `PRESETS` in shared/config/webhook/account.ts, and an example to docs/webhooks.md.
 */
import type { PresetName } from '../../../../../shared/config/webhook/account.js';
import type { SignatureScheme } from './hmac.js';

export interface Preset {
  /** Undefined: its calls are authenticated by the token. */
  readonly signature?: SignatureScheme;
  /** Templates for the kind of a call: the first result that is a key of `texts` selects the text, otherwise `other`. */
  readonly kinds: readonly string[];
  /** Message templates by kind. A call with an empty text is only acknowledged. */
  readonly texts: Readonly<Record<string, string>> & { readonly other: string };
  /** The template of the conversation. */
  readonly chat: string;
  readonly sender: string;
  /** Template of an id that is the same for a repeated call. */
  readonly id: string;
  /** If this template gives a text, the call is only acknowledged. */
  readonly skip?: string;
  /** If this template gives a text, the service expects it back. */
  readonly challenge?: string;
}

const HMAC = { algorithm: 'sha256', encoding: 'hex', toleranceSeconds: 300 } as const;

const REPOSITORY = '{{ $.repository.full_name }}';
const ABOUT_PULL = `pull request #{{ $.pull_request.number }} of ${REPOSITORY}: {{ $.pull_request.title }}`;
const ABOUT_ISSUE = `#{{ $.issue.number }} of ${REPOSITORY}: {{ $.issue.title }}`;
const BRANCHES = '{{ $.pull_request.head.label }} into {{ $.pull_request.base.ref }}';
const COMMENT = '{{ $.comment.html_url }}\n\n{{ $.comment.body }}';

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads */
const github: Preset = {
  signature: { ...HMAC, header: 'x-hub-signature-256', prefix: 'sha256=' },
  kinds: ['{{ header.x-github-event }}/{{ $.action }}', '{{ header.x-github-event }}'],
  texts: {
    ping: '',
    push: `pushed to {{ $.ref }} of ${REPOSITORY}\n{{each $.commits}}\n- {{ .id | 7 }} {{ .message | line | 200 }} ({{ .author.username ?? .author.name }})\n{{/each}}\n{{ $.compare }}`,
    pull_request: `{{ $.action }} ${ABOUT_PULL}\n{{ $.pull_request.html_url }}`,
    'pull_request/opened': `opened ${ABOUT_PULL}\n${BRANCHES}\n{{ $.pull_request.html_url }}\n\n{{ $.pull_request.body }}`,
    'pull_request/closed': `closed ${ABOUT_PULL}\nmerged: {{ $.pull_request.merged }}\n{{ $.pull_request.html_url }}`,
    pull_request_review: `{{ $.action }} a review ({{ $.review.state }}) of ${ABOUT_PULL}\n{{ $.review.html_url }}\n\n{{ $.review.body }}`,
    pull_request_review_comment: `{{ $.action }} a comment on {{ $.comment.path }} in ${ABOUT_PULL}\n${COMMENT}`,
    issues: `{{ $.action }} issue ${ABOUT_ISSUE}\n{{ $.issue.html_url }}`,
    'issues/opened': `opened issue ${ABOUT_ISSUE}\n{{ $.issue.html_url }}\n\n{{ $.issue.body }}`,
    'issues/labeled': `labeled issue ${ABOUT_ISSUE}\nlabel: {{ $.label.name }}\n{{ $.issue.html_url }}`,
    issue_comment: `{{ $.action }} a comment on {{each $.issue.pull_request}}pull request {{/each}}${ABOUT_ISSUE}\n${COMMENT}`,
    commit_comment: `{{ $.action }} a comment on commit {{ $.comment.commit_id | 7 }} of ${REPOSITORY}\n${COMMENT}`,
    discussion_comment: `{{ $.action }} a comment on discussion #{{ $.discussion.number }} of ${REPOSITORY}: {{ $.discussion.title }}\n${COMMENT}`,
    workflow_run: `workflow {{ $.workflow_run.name }} #{{ $.workflow_run.run_number }} of ${REPOSITORY} on {{ $.workflow_run.head_branch }}: {{ $.workflow_run.conclusion ?? $.workflow_run.status }}\n{{ $.workflow_run.head_commit.message | line | 200 }}\n{{ $.workflow_run.html_url }}`,
    'workflow_run/requested': '',
    'workflow_run/in_progress': '',
    release: `{{ $.action }} release {{ $.release.name ?? $.release.tag_name }} of ${REPOSITORY}\n{{ $.release.html_url }}\n\n{{ $.release.body }}`,
    create: `created {{ $.ref_type }} {{ $.ref }} of ${REPOSITORY}`,
    delete: `deleted {{ $.ref_type }} {{ $.ref }} of ${REPOSITORY}`,
    discussion: `{{ $.action }} discussion #{{ $.discussion.number }} of ${REPOSITORY}: {{ $.discussion.title }}\n{{ $.discussion.html_url }}`,
    'discussion/created': `created discussion #{{ $.discussion.number }} of ${REPOSITORY}: {{ $.discussion.title }}\n{{ $.discussion.html_url }}\n\n{{ $.discussion.body }}`,
    check_run: `check {{ $.check_run.name }} of ${REPOSITORY} {{ $.action }}: {{ $.check_run.conclusion ?? $.check_run.status }}\n{{ $.check_run.html_url }}`,
    status: `status {{ $.context }} of {{ $.sha | 7 }} in ${REPOSITORY}: {{ $.state }} {{ $.description }}\n{{ $.target_url }}`,
    other:
      '{{ header.x-github-event }}{{each $.action}} {{ . }}{{/each}} in {{ $.repository.full_name ?? $.organization.login ?? $.installation.account.login ?? "GitHub" }}\n{{ $.alert.html_url ?? $.repository.html_url }}',
  },
  chat: "{{ $.repository.full_name ?? $.organization.login ?? 'github' }}{{each $.pull_request.number ?? $.issue.number ?? $.discussion.number}}#{{ . }}{{/each}}",
  sender: '{{ $.sender.login }}',
  id: '{{ header.x-github-delivery }}',
};

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const alertmanager: Preset = {
  kinds: [],
  texts: {
    other: [
      "{{ $.status ?? 'alert' }}: {{ $.commonLabels.alertname ?? $.groupLabels.alertname ?? 'several alerts' }}",
      '{{each $.alerts}}',
      '- {{ .status }} since {{ .startsAt }}: {{ .labels }}',
      '  {{ .annotations }} {{ .generatorURL }}',
      '{{/each}}',
      '{{each $.truncatedAlerts}}',
      '{{ . }} more alerts were left out by Alertmanager.',
      '{{/each}}',
      '{{ $.externalURL }}',
    ].join('\n'),
  },
  chat: "{{ $.groupKey ?? $.receiver ?? 'alerts' }}",
  sender: '',
  // Calls have no id. The same content about the same alerts is a repetition: of an unanswered call, or by another instance.
  id: '{{ $.groupKey }} {{ $.status }}{{each $.alerts}}{{ .fingerprint ?? .labels }} {{ .status }} {{ .startsAt }} {{ .endsAt }}{{/each}}',
};

const FILES = '{{each $.event.files}}\n[file {{ .name }}: {{ .url_private }}]{{/each}}';

/** https://docs.slack.dev/apis/events-api */
const slack: Preset = {
  signature: {
    ...HMAC,
    header: 'x-slack-signature',
    prefix: 'v0=',
    timestampHeader: 'x-slack-request-timestamp',
    content: 'v0:{timestamp}:{body}',
  },
  kinds: ['{{ $.event.type }}/{{ $.event.subtype }}', '{{ $.event.type }}'],
  texts: {
    'message/': `{{ $.event.text }}${FILES}`,
    'message/file_share': `{{ $.event.text }}${FILES}`,
    'message/thread_broadcast': '{{ $.event.text }}',
    'message/me_message': '{{ $.event.text }}',
    // Edits, deletions, people joining and leaving.
    message: '',
    app_mention: `{{ $.event.text }}${FILES}`,
    other: 'Slack event {{ $.event.type ?? $.type }}: {{ $.event }}',
  },
  chat: "{{ $.event.channel.id ?? $.event.channel ?? $.event.item.channel ?? $.event.channel_id ?? $.team_id ?? 'slack' }}",
  sender: '{{ $.event.user.id ?? $.event.user }}',
  id: '{{ $.event_id }}',
  // A bot's message may be an answer from this gateway.
  skip: '{{ $.event.bot_id ?? $.event.bot_profile.id }}',
  challenge: '{{ $.challenge }}',
};

export const PRESET_TABLE: Readonly<Record<PresetName, Preset>> = { github, alertmanager, slack };
