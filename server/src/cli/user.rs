//! `xoay user`.

use std::io::{IsTerminal, Read};

use xoay::{Standing, add_user};
use xoay_format::Text;

use super::args::{UserAddArguments, UserCommand};
use super::exit::{Code, Failure};
use super::serve::{runtime, service_message};
use super::terminal::Terminal;

/// The most that is read of a password from standard input.
const PASSWORD_BYTES: u64 = 4096;

/// Runs the command about accounts that was asked for.
pub fn run(command: &UserCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        UserCommand::Add(arguments) => add(arguments, terminal),
    }
}

fn add(arguments: &UserAddArguments, terminal: &Terminal) -> Result<(), Failure> {
    let password = password(terminal)?;
    let standing = if arguments.administrator {
        Standing::Administrator
    } else {
        Standing::Member(arguments.role.into())
    };
    let full_name = arguments.full_name.as_deref().unwrap_or(&arguments.name);
    let name = runtime()?
        .block_on(add_user(
            &arguments.data,
            arguments.database.as_deref(),
            &arguments.name,
            full_name,
            password,
            standing,
        ))
        .map_err(|error| Failure {
            code: Code::Service,
            message: service_message(&error),
        })?;
    terminal.done(
        &Text::new(
            format!("Đã tạo tài khoản {name}; đăng nhập tại /sign-in"),
            format!("Added the account {name}; sign in at /sign-in"),
        ),
        serde_json::json!({ "name": name }),
    );
    Ok(())
}

/// The password: typed twice unseen, or one line of standard input where that is no terminal. Never an argument, which
/// every process of the machine can read.
fn password(terminal: &Terminal) -> Result<String, Failure> {
    use xoay_format::Localize;

    let unread = |error: std::io::Error| Failure {
        code: Code::Usage,
        message: Text::new(
            format!("không đọc được mật khẩu: {error}"),
            format!("cannot read the password: {error}"),
        ),
    };
    if !std::io::stdin().is_terminal() {
        let mut text = String::new();
        std::io::stdin()
            .take(PASSWORD_BYTES)
            .read_to_string(&mut text)
            .map_err(unread)?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    let ask = |text: Text| rpassword::prompt_password(text.localize(terminal.language()));
    let first = ask(Text::new("Mật khẩu: ", "Password: ")).map_err(unread)?;
    let again = ask(Text::new("Nhập lại: ", "Once more: ")).map_err(unread)?;
    if first == again {
        Ok(first)
    } else {
        Err(Failure {
            code: Code::Usage,
            message: Text::new(
                "hai lần nhập không giống nhau; hãy chạy lại",
                "the two entries differ; run it again",
            ),
        })
    }
}
