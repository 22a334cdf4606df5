//! Every message for people, in every language: the one catalogue.
//!
//! Logs, errors and the command line's own help are English; what a person is told is here.

/// A language people are spoken to in.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Deserialize,
    serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// From a locale name such as `zh_CN.UTF-8`.
    pub(crate) fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }
}

macro_rules! messages {
    ($($name:ident $en:literal $zh:literal;)*) => {
        /// A message; `{}` stands for what is filled in, in order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Message { $($name,)* }

        impl Message {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$name, Lang::En) => $en, (Self::$name, Lang::Zh) => $zh,)*
                }
            }
        }
    };
}

messages! {
    // up, server, worker
    Ready "Muster answers at {}" "Muster 已就绪：{}";
    Docs "Documentation: {}" "文档：{}";
    Working "Working on background jobs; health and metrics at {}" "正在处理后台任务；健康检查与指标：{}";
    CredentialsIn "Credentials: {} (only you can read it)" "凭据文件：{}（仅限您本人读取）";
    CaIn "CA certificate for clients: {}" "客户端所需的 CA 证书：{}";
    Try "Try, in another terminal:" "可在另一个终端中尝试：";
    FirstAccount "The first account was made. Its credentials: {} (only you can read it)" "已创建首个账户，凭据文件：{}（仅限您本人读取）";
    Stopping "Stopping: finishing what is under way" "正在停止：等待进行中的工作完成";
    Stopped "Stopped." "已停止。";
    // config
    ConfigGood "The configuration is good." "配置正确。";
    // admin
    TokenOnce "This token works once, until {}. It is not shown again." "此令牌只能使用一次，有效期至 {}，不会再次显示。";
    EnrolWith "On the host, run:" "请在主机上运行：";
    // hosts
    HostAdded "Host {} was added." "已添加主机 {}。";
    HostChanged "Host {} was changed." "已修改主机 {}。";
    HostRemoved "Host {} was forgotten." "已删除主机 {}。";
    HostsImported "Hosts added: {}, changed: {}, unchanged: {}." "新增主机：{}，修改：{}，未变化：{}。";
    HostsWouldBe "Hosts that would be added: {}, changed: {}, unchanged: {}. Nothing was done." "将新增主机：{}，修改：{}，未变化：{}。未执行任何操作。";
    ImagesAsked "Asked for: `muster images tasks` tells how far it is." "已下发扫描：可通过 `muster images tasks` 查看进度。";
    ScanStopped "Stopped: {}. What was looked into stays known." "已停止：{}。已扫描的结果保留。";
    HostsProtected "Hosts protected: {}. What their containers run is learned first: see `muster containers programs`." "已开启防护的主机数：{}。将先学习其容器运行的程序：参见 `muster containers programs`。";
    HostsUnprotected "Hosts no longer protected: {}." "已关闭防护的主机数：{}。";
    FilesProtected "Files protected in containers: {}. A change is an event on protected hosts." "已保护容器文件数：{}。在已防护主机上修改将产生事件。";
    FileUnprotected "No longer protected: {}." "已取消保护：{}。";
    ProgramAllowed "Containers of {} may run {} from now on." "{} 的容器今后可以运行 {}。";
    ProgramsBlocked "Containers of {} are kept from running other programs, on {} of {} protected hosts that have some. Agents allow it by allow.block." "镜像 {} 的容器将被阻止运行其他程序：涉及 {} 台主机，拥有该镜像容器的受防护主机共 {} 台。代理须以 allow.block 允许。";
    StillLearned "It begins when they are learned, at {}; --now does not wait for that." "学习结束后（{}）开始；使用 --now 可立即开始。";
    ProgramsFree "Containers of {} may run any program." "镜像 {} 的容器可以运行任何程序。";
    ProgramsForgotten "Forgotten. The programs of {} are learned anew from what runs next." "已清除。{} 的程序将从接下来运行的内容重新学习。";
    EventsChanged "Events changed: {}." "已更新事件数：{}。";
    AgentRevoked "The agent of host {} was shut out." "已吊销主机 {} 的代理。";
    // users and access keys
    UserAdded "User {} was added." "已添加用户 {}。";
    UserChanged "User {} was changed." "已修改用户 {}。";
    GroupAdded "Group {} was added." "已添加用户组 {}。";
    GroupChanged "Group {} was changed." "已修改用户组 {}。";
    PolicyAdded "Policy {} was added." "已添加策略 {}。";
    PolicyChanged "Policy {} was changed." "已修改策略 {}。";
    NewPassword "New password, shown only now: {}" "新密码（仅此一次显示）：{}";
    NewKey "New access key {}; its secret, shown only now: {}" "新访问密钥 {}；其私密部分（仅此一次显示）：{}";
    KeyRemoved "Access key {} was removed." "已删除访问密钥 {}。";
    // certificates
    CertImported "Certificate {} was imported." "已导入证书 {}。";
    CertIssued "Certificate {}: {}" "证书 {}：{}";
    CertDeleted "Certificate {} was deleted." "已删除证书 {}。";
    CertChanged "Certificate {} was changed." "已修改证书 {}。";
    CertPassword "Password of the file, shown only now: {}" "文件密码（仅此一次显示）：{}";
    CertOwnKey "The private key is the one the request was made with; it is not kept here." "私钥为生成 CSR 时所用的密钥，此处未保存。";
    CertEnvelope "enc_private_key is a digital envelope: open it with `muster cert unwrap`." "enc_private_key 为数字信封，请使用 `muster cert unwrap` 解开。";
    // vault
    VaultRoots "Root keys, newest first: {}. Under older ones: {}." "根密钥（由新到旧）：{}。仍由旧根密钥保护的项数：{}。";
    VaultDone "Keys made: {}. Values wrapped anew: {}. Versions forgotten: {}." "新建密钥：{}。重新封装：{}。已丢弃版本：{}。";
    RootKeyAdded "A new root key is in front of the others in {}. Give all servers this file, start them again, then run muster vault rewrap." "{} 的首行已加入新的根密钥。请将该文件分发到所有服务器并重启，然后运行 muster vault rewrap。";
    RootRecovered "The root key is back in {}; it opens everything here." "根密钥已恢复到 {}，可解开此处的全部密文。";
    // db
    KnowledgeFetched "Fetched {} files and {} documents; {} files were as they were.\n" "已下载 {} 个文件和 {} 条记录；{} 个文件未变化。\n";
    KnowledgeCompiled "The knowledge base is up to date: {} advisories, {} vulnerabilities, {} ecosystems from {} feeds; troubles: {} (muster db status).\n" "知识库已更新：{} 条公告，{} 个漏洞，{} 个生态，来自 {} 个数据源；问题数：{}（参见 muster db status）。\n";
    KnowledgeTaken "The knowledge base of {} is in use: {} advisories, signed by {}.\n" "已启用编译于 {} 的知识库：{} 条公告，签名者 {}。\n";
    BundleWritten "{} written: {} MiB, compiled {}, signed by {}.\n" "已写入 {}：{} MiB，编译于 {}，签名者 {}。\n";
    // backup, restore
    BackupDatabase "Copying the database as it is now" "正在复制当前数据库";
    BackupSealing "Sealing {} files" "正在加密封装 {} 个文件";
    BackupVerifying "Reading the backup back" "正在回读校验备份";
    BackupWritten "{} written and verified: {} files, {} MiB. It holds neither the root key nor credentials: keep them apart from it." "已写入并校验 {}：{} 个文件，{} MiB。其中不含根密钥和凭据，请另行保管。";
    RestoreReading "Reading the backup" "正在读取备份";
    Restored "{} files as of {} restored into {}. Start the server with the same root key." "已将 {} 个文件（{} 时的状态）恢复到 {}。请使用同一根密钥启动服务。";
    RestoredWithoutRoot "Whether a root key opens it was not looked at: run `muster vault recover` to have it back." "尚未校验根密钥：请运行 `muster vault recover` 找回根密钥。";
    // audit
    AuditHolds "Trail of node {} holds: {} records, {} to {} (until {}), in {} files; {} check points compared." "节点 {} 的审计链完整：共 {} 条记录，编号 {} 至 {}（截至 {}），{} 个文件；已比对 {} 个检查点。";
    AuditBroken "Trail of node {} DOES NOT HOLD: {} records fit, {} to {} (until {}), in {} files; {} check points compared." "节点 {} 的审计链不完整：{} 条记录相符，编号 {} 至 {}（截至 {}），{} 个文件；已比对 {} 个检查点。";
    AuditMore "... and {} more." "……另有 {} 处。";
    AuditUnfinished "{} bytes at the end are no whole record: nobody was told they were written." "末尾有 {} 字节不成完整记录：从未向任何人确认写入。";
    AuditKey "The check points are signed by {}; give --key to compare it with the one you know." "检查点由 {} 签名；请用 --key 与已知公钥比对。";
    AuditWritten "{} records written to {}." "已将 {} 条记录写入 {}。";
    // export
    KeypairMade "Key pair {}: fingerprint {}" "密钥对 {}：指纹 {}";
    KeypairKept "The private key of {} is kept, sealed." "{} 的私钥已加密托管。";
    KeypairChanged "Key pair {} was changed." "已修改密钥对 {}。";
    KeypairCleared "The private key of {} was forgotten." "已清除 {} 的私钥。";
    KeypairDeleted "Key pair {} was deleted." "已删除密钥对 {}。";
    KeypairBound "Key pair {} opens host {}." "密钥对 {} 已绑定到主机 {}。";
    KeypairUnbound "No key pair is bound to host {} any more." "主机 {} 已解绑密钥对。";
    PrivateKeyIn "Private key: {} (only you can read it)" "私钥文件：{}（仅限您本人读取）";
    TaskKept "Task {} is kept until {}." "任务 {} 将保留至 {}。";
    TaskCancelled "Task {} was cancelled." "已取消任务 {}。";
    TaskDeleted "Task {} and its results were forgotten." "已删除任务 {} 及其结果。";
    PolicyWritten "Policy {} was written." "已写入策略 {}。";
    PolicyDeleted "Policy {} was forgotten." "已删除策略 {}。";
    ExportMade "{} written." "已写入 {}。";
    ExportWaiting "Exporting: {}" "正在导出：{}";
    // assets
    NothingCompared "Nothing was compared yet: the server has no knowledge base (muster db update)." "尚未进行比对：服务器没有漏洞知识库（请运行 muster db update）。";
    NextPage "More rows follow: --offset {}" "还有更多结果：--offset {}";
    NextCursor "To continue: --changes-since {}" "继续查询：--changes-since {}";
    NextEvents "To continue: --since {}" "继续查询：--since {}";
    // agent
    AgentComes "Installing an agent at {}." "正在 {} 上安装代理。";
    AgentOnline "The agent of host {} is online." "主机 {} 的代理已上线。";
    AgentJoined "The agent of host {} has joined, and is not started. Start it there with:" "主机 {} 的代理已注册但尚未启动，请在该主机上运行：";
    Enrolled "Enrolled as host {}." "已注册为主机 {}。";
    // everything
    Problem "muster: {}" "muster：{}";
}

/// The message in a language, with its blanks filled in.
pub(crate) fn say(lang: Lang, message: Message, blanks: &[&str]) -> String {
    let mut text = String::new();
    let mut blanks = blanks.iter();
    for (at, part) in message.text(lang).split("{}").enumerate() {
        if at > 0 {
            text.push_str(blanks.next().copied().unwrap_or_default());
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_blanks() {
        for message in Message::ALL {
            let blanks = |lang| message.text(lang).matches("{}").count();
            assert_eq!(blanks(Lang::En), blanks(Lang::Zh), "{message:?}");
            assert!(
                !message.text(Lang::Zh).is_ascii() || *message == Message::Problem,
                "{message:?}"
            );
        }
        assert_eq!(say(Lang::Zh, Message::HostAdded, &["a"]), "已添加主机 a。");
    }

    #[test]
    fn the_locale_chooses_the_language() {
        assert_eq!(Lang::of_locale("zh_CN.UTF-8"), Lang::Zh);
        assert_eq!(Lang::of_locale("C"), Lang::En);
    }
}
