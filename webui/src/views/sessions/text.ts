import { defineText } from '../../i18n/language.js';

export const t = defineText(
  {
    title: 'Sessions',
    search: 'Search titles and messages',
    none: 'No sessions yet',
    noneText: 'A session begins with the first message of a chat, a program or this page.',
    noMatch: 'Nothing matches “{search}”',
    messages: '{count} {count:message|messages}',
    more: 'Show more',
    list: 'All sessions',
  },
  {
    title: '会话',
    search: '搜索标题与消息',
    none: '还没有会话',
    noneText: '聊天、程序或此页面的第一条消息会开始一个会话。',
    noMatch: '没有与“{search}”匹配的内容',
    messages: '{count} 条消息',
    more: '显示更多',
    list: '全部会话',
  },
);
